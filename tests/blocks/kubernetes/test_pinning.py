"""What is held of a Deployment's releases, and what is said where it cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from blocks.kubernetes.pinning import pin, too_few
from blocks.kubernetes.resources import Json, Resource
from domain.errors import ClusterForbids
from domain.release import Release
from tests.blocks.kubernetes.test_taking_place import sight

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Cluster:
    """PodTemplates by their names; nothing of them where the Role does not allow it."""

    def __init__(self, *, forbids: bool = False) -> None:
        self.found: dict[str, Json] = {}
        self._forbids = forbids

    def all(self, *_asked: Any) -> list[Json]:
        return list(self.found.values())

    def find(self, _resource: Resource, name: str) -> Json | None:
        if self._forbids:
            raise ClusterForbids(what_it_is="cluster", address="it", why="podtemplates")
        return self.found.get(name)

    def create(self, _resource: Resource, body: Json) -> None:
        self.found[body["metadata"]["name"]] = body

    def remove(self, _resource: Resource, name: str) -> None:
        del self.found[name]


def pinned(cluster: Cluster, *versions: str, **spec: Any) -> list[str]:
    """What is said of 1.0 and 2.0 of jarvis-api where these are pinned."""
    seen = sight(**spec)
    seen.body["metadata"]["uid"] = "1234"

    @contextmanager
    def connected() -> Iterator[Cluster]:
        yield cluster

    whole = SimpleNamespace(deployments={"api": seen})
    site: Any = SimpleNamespace(cluster=connected, see=lambda _cluster: whole)
    return pin(
        site, [Release(application="shop/production", version=one, recorded_at=NOW) for one in versions]
    )


def test_what_served_last_is_held_and_what_did_before_it_no_longer() -> None:
    cluster = Cluster()
    assert pinned(cluster, "1.0", "2.0") == [
        "1.0: held as jarvis-api's revision 1", "2.0: held as jarvis-api's revision 2",
    ]  # fmt: skip
    assert set(cluster.found) == {"api-1.backout", "api-2.backout"}
    pinned(cluster, "2.0", "never-deployed")
    assert set(cluster.found) == {"api-2.backout"}


def test_a_role_that_does_not_allow_it_is_said_with_what_the_cluster_keeps_itself() -> None:
    cluster = Cluster(forbids=True)
    [few, why] = pinned(cluster, "1.0", "2.0", "3.0", revisionHistoryLimit=1)
    assert few.startswith("Deployment jarvis-api keeps 1 old revisions")
    assert "the Role does not allow it" in why
    assert not cluster.found


@pytest.mark.parametrize("spec", [{}, {"revisionHistoryLimit": 2}])
def test_what_keeps_enough_needs_no_word(spec: dict[str, Any]) -> None:
    assert too_few([sight(**spec)], 3) == []


def test_what_keeps_fewer_is_named_with_the_setting() -> None:
    [said] = too_few([sight(revisionHistoryLimit=1)], 3)
    assert (
        said
        == "Deployment jarvis-api keeps 1 old revisions (revisionHistoryLimit), and 2 are to be gone back to"
    )
