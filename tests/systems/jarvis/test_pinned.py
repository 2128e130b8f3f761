"""The last releases that served, after more deploys than the cluster keeps revisions of: the real cluster removes their ReplicaSets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from blocks.kubernetes.held import MARK
from blocks.pins import Pins
from domain.outcomes import Outcome
from domain.release import Release
from examples.jarvis.release import VERSION_LABEL, Version
from examples.jarvis.stack import NEW, OLD
from flows.path import take_back
from tests.blocks.waiting import wait_until
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import API, WORKER, Jarvis

pytestmark = [pytest.mark.cluster, pytest.mark.full_matrix]
PATIENCE_S = 60
LATER = [Version(f"v7.{number}.0") for number in range(3)]


@pytest.fixture
def forgetful(jarvis: Jarvis) -> Iterator[Jarvis]:
    """What it keeps of revisions, and what is held, is as before afterwards."""
    before = {name: jarvis.deployment(name)["spec"]["revisionHistoryLimit"] for name in (API, WORKER)}
    yield jarvis
    limit(jarvis, before)
    [label] = [f"{name}={value}" for name, value in MARK.items()]
    jarvis.stack.kubectl.run("delete", "podtemplates", "--selector", label)


def limit(jarvis: Jarvis, limits: dict[str, int]) -> None:
    for name, number in limits.items():
        change = json.dumps({"spec": {"revisionHistoryLimit": number}})
        jarvis.stack.kubectl.run("patch", "deployment", name, "--patch", change)


def kept(jarvis: Jarvis) -> set[str]:
    """The releases that the cluster has a ReplicaSet of."""
    found: list[dict[str, Any]] = jarvis.stack.kubectl.json("get", "replicasets")["items"]
    own = [one["metadata"]["labels"] for one in found]
    return {one[VERSION_LABEL] for one in own if one.get("app") in (API, WORKER)}


def pin(scene: JarvisScene, *versions: Version) -> list[str]:
    platform = scene.platform
    assert isinstance(platform, Pins)
    with scene.installation() as here:
        rows: list[Release] = here.store.releases(scene.name)
        return platform.pin(
            scene.name, [row for row in rows if row.version in {one.name for one in versions}]
        )


def lost(scene: JarvisScene, version: Version) -> str:
    platform = scene.platform
    assert isinstance(platform, Pins)
    with scene.installation() as here:
        rows = here.store.releases(scene.name)
    return platform.lost(next(row for row in rows if row.version == version.name))


def test_a_pinned_release_is_gone_back_to_after_the_cluster_removed_it(
    forgetful: Jarvis, scene: JarvisScene
) -> None:
    said = pin(scene, NEW, OLD)
    assert {line.partition(": held as ")[0] for line in said} == {NEW.name, OLD.name}
    assert len(said) == 4
    for version in LATER:
        scene.deploy(version)
    limit(forgetful, dict.fromkeys((API, WORKER), 1))  # afterwards: the team's manifest says 10
    wait_until(lambda: kept(forgetful) == {one.name for one in LATER[1:]}, "the clean-up", PATIENCE_S)
    assert "no revision" in lost(scene, LATER[0])
    assert (lost(scene, NEW), lost(scene, OLD)) == ("", "")

    back = scene.walk(take_back, to=OLD.name)
    assert back is Outcome.ROLLED_BACK, scene.why()
    assert (forgetful.version(), forgetful.version(WORKER)) == (OLD.name, OLD.name)
    forgetful.answers_as(OLD.name)
    assert scene.platform.route().slot == OLD.name

    pin(scene, OLD)
    assert scene.platform.find(NEW.name) is None
    assert scene.platform.find(OLD.name) is not None
