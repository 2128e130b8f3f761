"""Putting a release in place, on a real cluster, where something goes wrong or somebody else acts too."""

import os
import signal

import pytest

from blocks.kubernetes import activation
from blocks.kubernetes.activation import to_revision
from blocks.kubernetes.undo import with_intent
from blocks.platforms.contract import Unproven
from blocks.platforms.kubernetes import Kubernetes
from domain.errors import Conflict, NotPrepared, RolloutStalled
from tests.blocks.kubernetes.deployed import API, CONFIG, NEW, OLD, WORKER, Jarvis
from tests.blocks.platforms.in_place_contract import never_look
from tests.forked import KILLED, exit_code

pytestmark = pytest.mark.cluster
OTHERS = ("_note", "_restore_configuration")


def version_of(jarvis: Jarvis, name: str) -> str:
    template = jarvis.get("deployment", name)["spec"]["template"]
    found: str = template["metadata"]["labels"]["app.kubernetes.io/version"]
    return found


def test_all_of_it_goes_back(jarvis: Jarvis, platform: Kubernetes) -> None:
    receipt = platform.activate(OLD, platform.route())
    jarvis.comes_to_say(OLD, SETTING_GREETING="hello")
    assert version_of(jarvis, WORKER) == OLD
    api = jarvis.get("deployment", API)["metadata"]["annotations"]
    assert api["kubernetes.io/change-cause"] == f"release-{OLD}"
    assert "backout.dev/rollback" not in api
    assert "ConfigMap jarvis-config holds again what it held with 1.0" in receipt.cost
    platform.activate(NEW, platform.route())
    jarvis.comes_to_say(NEW, SETTING_GREETING="good morning")
    assert version_of(jarvis, WORKER) == NEW


def test_a_release_has_the_names_that_kubectl_gives_it(platform: Kubernetes) -> None:
    old = platform.slot(OLD)
    number = old.also[0]
    assert {number, f"revision-{number}", f"release-{OLD}"} <= set(old.also)
    assert platform.find(f"revision-{number}") == old


@pytest.mark.full_matrix
def test_a_restart_is_no_release(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("rollout", "restart", f"deployment/{API}")
    jarvis.wait()
    assert platform.route().slot == NEW
    assert [slot.name for slot in platform.slots()] == [NEW, OLD]
    assert [release.version for release in platform.history() or []] == [NEW, OLD]


@pytest.mark.full_matrix
def test_what_does_not_start_is_given_up_and_the_way_back_is_the_same_call(
    jarvis: Jarvis, platform: Kubernetes
) -> None:
    jarvis.deploy("3.0", CRASH="1", wait=False)
    assert platform.route().slot == "3.0"
    platform.activate(NEW, platform.route())
    assert jarvis.answering() == NEW
    with pytest.raises(RolloutStalled, match="its log ends: "):
        platform.activate("3.0", platform.route())
    assert platform.route().slot == NEW
    assert jarvis.answering() == NEW
    back = platform.activate(NEW, platform.route())
    assert (back.changed, back.before, back.after) == (True, NEW, NEW)
    assert platform.slot(NEW).running
    assert not platform.activate(NEW, platform.route()).changed


def test_a_paused_deployment_is_refused_with_what_to_do(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("rollout", "pause", f"deployment/{API}")
    found = platform.prepare(OLD, never_look)
    assert isinstance(found, Unproven)
    assert "kubectl rollout resume deployment/jarvis-api" in found.reason
    with pytest.raises(NotPrepared):
        platform.activate(OLD, platform.route())
    assert version_of(jarvis, API) == NEW


def test_who_deploys_in_between_is_not_overwritten(
    jarvis: Jarvis, platform: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deploy_too(*arguments: object) -> object:
        monkeypatch.setattr(activation, "with_intent", with_intent)
        jarvis.kubectl("set", "env", f"deployment/{API}", "FEATURE_OTHER=1")
        return with_intent(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(activation, "with_intent", deploy_too)
    with pytest.raises(Conflict, match="changed by somebody else"):
        platform.activate(OLD, platform.route())
    assert version_of(jarvis, API) == NEW


@pytest.mark.full_matrix
def test_a_change_of_the_number_of_pods_in_between_is_kept(
    jarvis: Jarvis, platform: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scale_too(*arguments: object) -> object:
        monkeypatch.setattr(activation, "to_revision", to_revision)
        jarvis.kubectl("scale", f"deployment/{API}", "--replicas=2")
        return to_revision(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(activation, "to_revision", scale_too)
    platform.activate(OLD, platform.route())
    assert jarvis.get("deployment", API)["spec"]["replicas"] == 2
    assert jarvis.answering() == OLD
    jarvis.kubectl("scale", f"deployment/{API}", f"--replicas={jarvis.replicas}")


@pytest.mark.full_matrix
def test_an_undo_by_people_afterwards_is_not_taken_for_ours(jarvis: Jarvis, platform: Kubernetes) -> None:
    platform.activate(OLD, platform.route())
    jarvis.kubectl("rollout", "undo", f"deployment/{API}")
    jarvis.wait()
    assert platform.route().slot == NEW
    jarvis.kubectl("rollout", "undo", f"deployment/{API}")
    jarvis.wait()
    assert platform.route().slot == OLD


@pytest.mark.full_matrix
def test_what_a_gitops_tool_owns_is_said(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("label", "deployment", API, "argocd.argoproj.io/instance=jarvis")
    try:
        receipt = platform.activate(OLD, platform.route())
    finally:
        jarvis.kubectl("label", "deployment", API, "argocd.argoproj.io/instance-")
    assert "Argo CD (jarvis) puts back what git says" in receipt.cost


def killed_at(platform: Kubernetes, step: str, *, after: bool) -> None:
    """Put the old release in place in a process that is killed at a step."""
    owner = activation if step == "wait_for" else activation._Activation
    real = getattr(owner, step)

    def deadly(*arguments: object) -> object:
        if after:
            real(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    def run() -> None:
        setattr(owner, step, deadly)
        platform.activate(OLD, platform.route())

    assert exit_code(run) == KILLED


@pytest.mark.parametrize(
    "step", [*(pytest.param(one, marks=pytest.mark.full_matrix) for one in OTHERS), "_move"]
)
def test_killed_it_goes_on(jarvis: Jarvis, platform: Kubernetes, step: str) -> None:
    killed_at(platform, step, after=True)
    assert platform.route().slot == NEW
    receipt = platform.activate(OLD, platform.route())
    assert (receipt.changed, receipt.before, receipt.after) == (True, NEW, OLD)
    assert platform.route().slot == jarvis.answering() == OLD
    assert version_of(jarvis, WORKER) == OLD
    assert jarvis.get("configmap", CONFIG)["data"]["SETTING_GREETING"] == "hello"


@pytest.mark.full_matrix
def test_killed_it_can_also_be_gone_back_from(jarvis: Jarvis, platform: Kubernetes) -> None:
    killed_at(platform, "wait_for", after=False)
    assert platform.route().slot == NEW
    receipt = platform.activate(NEW, platform.route())
    assert (receipt.changed, receipt.before, receipt.after) == (True, NEW, NEW)
    assert platform.route().slot == jarvis.answering() == NEW
    assert version_of(jarvis, WORKER) == NEW
    jarvis.comes_to_say(NEW, SETTING_GREETING="good morning")
