"""Where a Deployment could not go back to what it runs, a new release does not take its place; and in what two releases differ."""

from dataclasses import replace
from typing import Any

import pytest

from blocks.kubernetes.difference import _of_deployment
from blocks.kubernetes.site import Sight
from blocks.kubernetes.taking_place import why_lost
from tests.blocks.kubernetes.test_revisions import named, revision


def sight(**spec: Any) -> Sight:
    releases = named(
        revision(1, "api:1.0", env={"MODEL": "small", "REGION": "eu"}),
        revision(2, "api:2.0", env={"MODEL": "large", "REGION": "eu", "NEW": "yes"}),
    )
    return Sight("api", {"metadata": {"name": "jarvis-api"}, "spec": spec}, releases, releases[0].newest)


@pytest.mark.parametrize("spec", [{}, {"revisionHistoryLimit": 1}])
def test_what_the_cluster_keeps_is_a_way_back(spec: dict[str, Any]) -> None:
    assert why_lost(sight(**spec)) == ""


@pytest.mark.parametrize(
    ("spec", "why"),
    [({"revisionHistoryLimit": 0}, "keeps no revision"), ({"paused": True}, "jarvis-api is paused")],
)
def test_what_it_would_lose_or_not_roll_out_is_none(spec: dict[str, Any], why: str) -> None:
    assert why in why_lost(sight(**spec))


def test_without_a_replica_set_there_is_none_either() -> None:
    found = sight()
    assert "no ReplicaSet" in why_lost(replace(found, now=replace(found.now, set_name="")))


def test_images_and_variables_that_differ_are_named_and_no_value_is_shown() -> None:
    assert list(_of_deployment(sight(), "1.0", "2.0")) == [
        "jarvis-api: image of app: api:1.0 to api:2.0",
        "jarvis-api: variable MODEL",
        "jarvis-api: variable NEW",
    ]
