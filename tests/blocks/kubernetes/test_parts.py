"""Parts that go back alone, on a real cluster."""

import pytest

from blocks.kubernetes.kept_config_maps import STAY
from blocks.platforms.kubernetes import Kubernetes
from domain.errors import Conflict
from tests.blocks.kubernetes import test_activation
from tests.blocks.kubernetes.deployed import API, CONFIG, NEW, OLD, WORKER, Jarvis, config_map

pytestmark = pytest.mark.cluster
version_of = test_activation.version_of


def test_each_deployment_the_configuration_and_each_flag_is_one(platform: Kubernetes) -> None:
    parts = {part.name: part for part in platform.parts()}
    assert list(parts) == ["api", "worker", "config", "flag:dashboard", "flag:search"]
    assert parts["worker"].release == NEW
    assert parts["worker"].detail == "jarvis-worker 1 of 1 pods ready"
    assert parts["flag:dashboard"].release == parts["flag:search"].release == "on"


def test_one_deployment_alone(jarvis: Jarvis, platform: Kubernetes) -> None:
    worker = platform.only("worker")
    assert [slot.name for slot in worker.slots()] == [NEW, OLD]
    receipt = worker.activate(OLD, worker.route())
    assert (receipt.changed, receipt.before, receipt.after) == (True, NEW, OLD)
    assert (version_of(jarvis, WORKER), version_of(jarvis, API)) == (OLD, NEW)
    assert worker.route().slot == OLD
    assert worker.deployed() == NEW
    assert platform.route().slot == NEW
    assert "SETTING_GREETING" in jarvis.get("configmap", CONFIG)["data"]
    assert not worker.activate(OLD, worker.route()).changed
    platform.activate(OLD, platform.route())
    assert (version_of(jarvis, WORKER), version_of(jarvis, API)) == (OLD, OLD)


@pytest.mark.full_matrix
def test_the_configuration_alone(jarvis: Jarvis, platform: Kubernetes) -> None:
    part = platform.only("config")
    before = part.route().slot
    assert part.deployed() == before
    older = [release.version for release in part.history() or []][1]
    receipt = part.activate(older, part.route())
    assert (receipt.before, receipt.after) == (before, older)
    jarvis.comes_to_say(NEW, SETTING_GREETING="hello")
    assert jarvis.answering() == platform.route().slot == NEW
    assert [slot.name for slot in platform.slots()] == [NEW, OLD]
    assert (part.route().slot, part.deployed()) == (older, before)
    part.activate(before or "", part.route())
    jarvis.comes_to_say(NEW, SETTING_GREETING="good morning")


@pytest.mark.full_matrix
def test_what_was_edited_by_hand_is_kept_before_it_goes_back(jarvis: Jarvis, platform: Kubernetes) -> None:
    part = platform.only("config")
    before = part.route().slot
    jarvis.configure(SETTING_GREETING="oops")
    edited = part.route().slot
    assert edited != before
    part.activate(before or "", part.route())
    jarvis.comes_to_say(NEW, SETTING_GREETING="good morning")
    part.activate(edited or "", part.route())
    assert jarvis.get("configmap", CONFIG)["data"] == {"SETTING_GREETING": "oops"}


@pytest.mark.full_matrix
def test_a_flag_that_is_a_variable(jarvis: Jarvis, platform: Kubernetes) -> None:
    flag = platform.only("flag:dashboard")
    assert flag.route().slot == flag.deployed() == "on"
    flag.activate("off", flag.route())
    jarvis.comes_to_say(NEW, FEATURE_DASHBOARD="false")
    assert flag.route().slot == "off"
    assert platform.route().slot == NEW
    assert [release.version for release in platform.history() or []] == [NEW, OLD]
    flag.activate("on", flag.route())
    jarvis.comes_to_say(NEW, FEATURE_DASHBOARD="true")


@pytest.mark.full_matrix
def test_a_flag_that_is_a_key_of_a_config_map(jarvis: Jarvis, platform: Kubernetes) -> None:
    flag = platform.only("flag:search")
    receipt = flag.activate("off", flag.route())
    assert "the pods of jarvis-api were replaced in turn" in receipt.cost
    jarvis.comes_to_say(NEW, FEATURE_SEARCH="false")
    assert "backout.dev/rollback" not in str(jarvis.get("configmap", CONFIG)["metadata"])
    flag.activate("on", flag.route())
    jarvis.comes_to_say(NEW, FEATURE_SEARCH="true")


def test_a_part_waits_for_the_whole(jarvis: Jarvis, platform: Kubernetes) -> None:
    test_activation.killed_at(platform, "wait_for", after=False)
    worker = platform.only("worker")
    with pytest.raises(Conflict, match=r"the application on its way to 1\.0"):
        worker.activate(NEW, worker.route())
    assert version_of(jarvis, WORKER) == OLD


def test_copies_are_kept_once_and_the_newest_stay(jarvis: Jarvis) -> None:
    platform = jarvis.platform(config_maps=["other"], flags={})
    for number in range(STAY + 1):
        jarvis.kubectl("apply", "-f", "-", document=config_map("other", TEXT=str(number)))
        assert len(platform.keep(NEW)) == 1
    assert platform.keep(NEW) == []
    names = jarvis.kubectl(
        "get", "configmap", "--selector=backout.dev/kept-of=other", "--output=name"
    ).split()
    assert len(names) == STAY
    texts = {int(jarvis.get(*name.split("/"))["data"]["TEXT"]) for name in names}
    assert texts == set(range(1, STAY + 1))
