"""Which revisions there are, where the cluster removed some that are held; and what is read of a PodTemplate."""

from dataclasses import replace
from typing import Any, cast

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.held import _body, held, with_held
from blocks.kubernetes.resources import Json
from domain.errors import ClusterForbids
from tests.blocks.kubernetes.test_revisions import named, revision

OLD, NEW = revision(1, "api:1.0", cause="deploy 1.0"), revision(5, "api:2.0")
DEPLOYMENT: Json = {"metadata": {"name": "api", "uid": "1234"}}


class Holds:
    """A cluster with these PodTemplates, or whose Role does not let them be seen."""

    def __init__(self, *found: Json, forbids: bool = False) -> None:
        self._found = found
        self._forbids = forbids

    def all(self, *_asked: Any) -> list[Json]:
        if self._forbids:
            raise ClusterForbids(what_it_is="cluster", address="it", why="no")
        return list(self._found)


def seen(*found: Json, **more: bool) -> list[Any]:
    return held(cast("Cluster", Holds(*found, **more)), DEPLOYMENT)


def test_what_only_we_hold_is_a_release_like_the_others() -> None:
    both = with_held([NEW], [OLD])
    assert both == [OLD, NEW]
    assert [one.name for one in named(*both)] == ["2.0", "1.0"]


def test_what_the_cluster_keeps_too_is_one_revision() -> None:
    assert with_held([OLD, NEW], [OLD]) == [OLD, NEW]


def test_one_that_was_gone_and_is_back_keeps_its_place() -> None:
    back = replace(OLD, number=7, first=7, created=NEW.created)
    [old, new] = with_held([NEW, back], [OLD])
    assert (old.number, old.first, old.created, new) == (7, 1, OLD.created, NEW)


def test_what_is_written_is_read() -> None:
    assert seen(_body(DEPLOYMENT, OLD), _body(DEPLOYMENT, NEW)) == [OLD, NEW]


def test_what_is_of_another_deployment_or_was_taken_apart_is_none() -> None:
    other = _body({"metadata": {"name": "api", "uid": "5678"}}, OLD)
    spoilt = _body(DEPLOYMENT, OLD)
    spoilt["metadata"]["annotations"].clear()
    assert seen(other, spoilt) == []


def test_a_role_that_allows_no_look_holds_none() -> None:
    assert seen(forbids=True) == []
