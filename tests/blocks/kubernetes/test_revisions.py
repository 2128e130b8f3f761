"""How revisions become releases: their names stay when one of them is gone back to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blocks.kubernetes.history import history
from blocks.kubernetes.in_place_settings import VERSION_LABEL, Workload
from blocks.kubernetes.revisions import RESTARTED, Deployed, Revision, current, releases_of
from blocks.kubernetes.site import Sight

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORKLOAD = Workload(name="api", container="app")


def revision(first: int, image: str, *, version: str = "", number: int = 0, **more: Any) -> Revision:
    labels = {"app": "api", **({VERSION_LABEL: version} if version else {})}
    annotations = {"annotations": {RESTARTED: more["restarted"]}} if "restarted" in more else {}
    env = [{"name": name, "value": value} for name, value in more.get("env", {}).items()]
    containers = [{"name": "proxy", "image": "envoy:1.30"}, {"name": "app", "image": image, "env": env}]
    template = {"metadata": {"labels": labels, **annotations}, "spec": {"containers": containers}}
    created = START + timedelta(minutes=first)
    name = f"api-{first}"
    return Revision(name, number or first, first, template, name, more.get("cause", ""), created)


def named(*revisions: Revision) -> list[Deployed]:
    return releases_of(revisions, WORKLOAD, VERSION_LABEL)


def names(*revisions: Revision) -> list[str]:
    return [one.name for one in named(*revisions)]


def shown(in_place: str, *revisions: Revision) -> list[str]:
    releases = named(*revisions)
    now = next(one.newest for one in releases if one.name == in_place)
    return [one.version for one in history(Sight("api", {}, releases, now), in_place)]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry:5000/shop/api:1.4.2", "1.4.2"),
        ("api", "latest"),
        ("registry:5000/api", "latest"),
        ("api@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123456789ab"),
        ("api:1.4@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "1.4"),
        ("api:_odd", "revision-1"),
    ],
)
def test_without_a_label_the_image_says_the_version(image: str, version: str) -> None:
    assert names(revision(1, image)) == [version]


def test_the_label_goes_first() -> None:
    [found] = named(revision(1, "api:latest", version="2026.11.1"))
    assert (found.version, found.told) == ("2026.11.1", True)


def test_latest_and_a_digest_are_no_version_that_an_application_knows() -> None:
    assert [one.told for one in named(revision(1, "api"), revision(2, "api@sha256:0123456789abcdef"))] == [
        False,
        False,
    ]


def test_a_restart_makes_no_other_release() -> None:
    [found] = named(revision(1, "api:1.0"), revision(2, "api:1.0", restarted="2026-11-22T12:00:00Z"))
    assert [one.first for one in found.revisions] == [1, 2]
    assert found.newest.first == 2


def test_the_older_of_the_same_version_says_its_revision() -> None:
    old, other, toggled = (
        revision(1, "api:1.0"),
        revision(2, "api:2.0"),
        revision(3, "api:1.0", env={"F": "on"}),
    )
    assert names(old, other, toggled) == ["1.0", "2.0", "1.0.r1"]


def test_names_stay_when_a_revision_is_gone_back_to() -> None:
    before = names(revision(1, "api:1.0"), revision(2, "api:2.0"), revision(3, "api:1.0", env={"F": "on"}))
    after = names(
        revision(1, "api:1.0", number=4), revision(2, "api:2.0"), revision(3, "api:1.0", env={"F": "on"})
    )
    assert before == after


def test_other_names_are_the_number_it_has_now_and_its_cause() -> None:
    old, new = named(
        revision(2, "api:2.0", cause="a long story"), revision(1, "api:1.0", number=3, cause="hotfix-7")
    )[::-1]
    assert old.also == ("3", "revision-3", "hotfix-7")
    assert new.also == ("2", "revision-2")


def test_a_number_that_is_a_version_is_no_other_name() -> None:
    newest, oldest = named(revision(1, "api:7", version="2"), revision(2, "api:8", version="3"))
    assert (newest.also, oldest.also) == (("revision-2",), ("1", "revision-1"))


def test_neither_a_flag_nor_a_restart_is_the_release_before() -> None:
    known = (revision(1, "api:1.0"), revision(2, "api:2.0"), revision(3, "api:2.0", env={"F": "off"}))
    assert shown("2.0", *known) == ["2.0", "1.0"]
    assert shown("2.0.r2", *known) == ["2.0.r2", "1.0"]


def test_another_image_of_the_same_version_is_one() -> None:
    known = (
        revision(1, "api@sha256:aaaaaaaaaaaaaaaa", version="1.0"),
        revision(2, "api@sha256:bbbbbbbbbbbb", version="1.0"),
    )
    assert shown("1.0", *known) == ["1.0", "1.0.r1"]


def test_where_no_version_is_told_each_revision_is_one() -> None:
    assert shown("latest", revision(1, "api"), revision(2, "api", env={"F": "off"})) == [
        "latest",
        "latest.r1",
    ]


def test_what_the_cluster_has_not_made_yet_is_the_newest() -> None:
    known = [revision(1, "api:1.0"), revision(2, "api:2.0", number=3)]
    body = {
        "metadata": {"name": "api", "creationTimestamp": "2026-11-22T12:00:00Z", "annotations": {}},
        "spec": {"template": revision(9, "api:3.0").template},
    }
    now = current(body, known)
    assert (now.set_name, now.number) == ("", 4)
    assert names(*known, now) == ["3.0", "2.0", "1.0"]
