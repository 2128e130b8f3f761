"""`kubernetes_blue_green`: slots that do not come up, and settings that cannot be used."""

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.platforms.contract import Unproven
from blocks.platforms.kubernetes_blue_green import KubernetesBlueGreen
from blocks.program import MASK
from domain.errors import Conflict, NotPrepared
from tests.blocks.kubernetes.colours import SECRET, Colours, blue_green
from tests.blocks.platforms.contract import look

if TYPE_CHECKING:
    from docker import DockerClient

SLOTS = {"blue": 1, "green": 0}


@pytest.fixture(scope="module")
def colours(api: Cluster, engine: "DockerClient", application: str) -> Colours:
    made = Colours(api, engine, application, f"shop-{secrets.token_hex(2)}")
    made.create(SLOTS)
    return made


@pytest.fixture
def given(colours: Colours) -> dict[str, Any]:
    return blue_green(colours, SLOTS)


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("slot", "variables", "told"),
    [
        ("crashing", {"CRASH": "3"}, ["exit code 3", f"cannot go on with {MASK}"]),
        ("unready", {"UNREADY": "1"}, ["runs and is not ready: "]),
        ("missing", {}, ["ErrImageNeverPull"]),
    ],
)
def test_what_does_not_come_up_is_told_with_the_reason_and_gets_no_traffic(
    given: dict[str, Any],
    colours: Colours,
    api: Cluster,
    slot: str,
    variables: dict[str, str],
    told: list[str],
) -> None:
    body = colours.deployment(slot, 0, variables)
    if slot == "missing":
        body["spec"]["template"]["spec"]["containers"][0]["image"] = "no-such-image:9.9"
    api.create(DEPLOYMENT, body)
    slots = {**given["slots"], slot: {"deployment": body["metadata"]["name"]}}
    platform = KubernetesBlueGreen.model_validate({**given, "slots": slots, "start_timeout_s": 8})
    before = platform.route()
    outcome = platform.prepare(slot, look)
    assert isinstance(outcome, Unproven)
    assert [words for words in told if words not in outcome.reason] == [], outcome.reason
    assert SECRET not in outcome.reason
    with pytest.raises((NotPrepared, Conflict)):
        platform.activate(slot, before)
    assert platform.route() == before
    api.remove(DEPLOYMENT, body["metadata"]["name"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"deployment": "shop-blue"}, "belongs to two slots"),
        ({"deployment": "--all"}, "deployment"),
        ({"upstream": "color=blue"}, "the same address"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(change: dict[str, Any], told: str) -> None:
    cluster = {"namespace": "shop"}
    slots = {"blue": {"deployment": "shop-blue"}, "green": {"deployment": "shop-green", **change}}
    router = {
        "kind": "kubernetes_service",
        "cluster": cluster,
        "service": "shop",
        "address": "http://10.96.0.9",
    }
    with pytest.raises(ValidationError, match=told):
        KubernetesBlueGreen.model_validate({"cluster": cluster, "slots": slots, "router": router})
