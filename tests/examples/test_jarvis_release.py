"""A release of Jarvis as manifests, and the words of its stand-in for Prisma; without a cluster."""

from typing import Any

import pytest

from examples.jarvis.kubectl import Manifest
from examples.jarvis.release import (
    CHANGE_CAUSE,
    FAULTS,
    IMAGE,
    INTEGRATION,
    MIGRATION,
    NEWEST_MIGRATION,
    VERSION_LABEL,
    Release,
    Version,
    manifests,
)


def api(fault: str = "", image: str = "registry.test:5000/jarvis:1") -> Manifest:
    return Release(Version("v1.2.0", fault), image, 3).api()


def container(body: Manifest) -> dict[str, Any]:
    [found] = body["spec"]["template"]["spec"]["containers"]
    made: dict[str, Any] = found
    return made


def variables(body: Manifest) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in container(body)["env"]}


def test_a_release_says_its_version_and_cause() -> None:
    body = api()
    assert body["spec"]["replicas"] == 3
    assert body["spec"]["template"]["metadata"]["labels"] == {"app": "jarvis-api", VERSION_LABEL: "v1.2.0"}
    assert body["metadata"]["annotations"][CHANGE_CAUSE] == "deploy v1.2.0"
    assert container(body)["image"] == "registry.test:5000/jarvis:1"
    assert variables(body)["FAULT"] == "none"


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_makes_another_release(fault: str) -> None:
    assert container(api(fault)) != container(api())


@pytest.mark.parametrize(
    ("image", "broken"),
    [
        ("jarvis:example", "jarvis:v1.2.0-never-built"),
        ("registry.test:5000/jarvis:1", "registry.test:5000/jarvis:v1.2.0-never-built"),
        ("registry.test:5000/jarvis", "registry.test:5000/jarvis:v1.2.0-never-built"),
    ],
)
def test_an_image_that_does_not_exist_is_the_same_repository_s(image: str, broken: str) -> None:
    assert container(api(IMAGE, image))["image"] == broken


def test_what_a_fault_turns_on() -> None:
    assert variables(api(MIGRATION))["NEWEST_MIGRATION"] == NEWEST_MIGRATION
    assert variables(api(INTEGRATION))["FEATURE_NEW_INTEGRATION"] == "true"


def test_a_colour_is_selected_by_its_own_labels() -> None:
    body = Release(Version("v1.2.0"), "jarvis:example", 2).colored("green")
    selected = body["spec"]["selector"]["matchLabels"]
    labels = body["spec"]["template"]["metadata"]["labels"]
    assert (body["metadata"]["name"], selected["color"]) == ("jarvis-api-green", "green")
    assert selected.items() <= labels.items()
    assert labels["app"] != "jarvis-api", "the other Service would take its pods"


def test_the_role_reads_no_secret_and_changes_one_service_alone() -> None:
    [role] = [one for one in manifests("backout-role", "") if one["kind"] == "Role"]
    rules = [(rule["resources"], set(rule["verbs"]), rule.get("resourceNames")) for rule in role["rules"]]
    assert not any("secrets" in resources or "*" in (*resources, *verbs) for resources, verbs, _ in rules)
    changing = [
        names for resources, verbs, names in rules if "services" in resources and verbs & {"patch", "update"}
    ]
    assert changing == [["jarvis-api-live"]]
