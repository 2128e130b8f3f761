"""A new release in the place of the one that runs, brought by the team's own command: good, bad, and killed on the way."""

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from blocks.kubernetes import taking_place
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.request import DEPLOY, Kind, Request
from domain.severity import Severity
from examples.demo.load import Load
from examples.jarvis.release import CRASH, ERRORS, READINESS, SLOW
from flows.path import go_forward, take_back, take_back_now
from tasks.study_database import planned
from tests.blocks.waiting import wait_until
from tests.forked import KILLED, exit_code
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import WORKER, Jarvis
from tests.systems.jarvis.test_kill_points import _dies

pytestmark = pytest.mark.cluster

OLD, NEW = "v1.1.0", "v1.2.0"
LONGEST_S = 120
ASKED: dict[str, Any] = {"runbook": DEPLOY, "kind": Kind.DEPLOY, "to": NEW, "severity": Severity.LOW}
QUICK: dict[str, Any] = {
    "every_s": 1, "wait_s": 60, "watch_s": 1, "backup": False, "limits": {"slower_by_s": 2.5},
}  # fmt: skip
BACK: dict[str, Any] = {
    "runbook": "rollback",
    "kind": Kind.ROLLBACK,
    "to": None,
    "severity": Severity.CRITICAL,
}


class Forward(JarvisScene):
    """Its runs ask for v1.2.0 unless they say otherwise."""

    def request(self, **fields: Any) -> Request:
        return super().request(**{**ASKED, **fields})

    def brings(self, fault: str) -> None:
        """What is wrong with the release that the command brings."""
        self.raw["deploy"]["install"].append(fault)

    def plan(self, **fields: Any) -> Plan:
        with self.installation() as here:
            return planned(here, self.document, self.request(**fields))


@pytest.fixture
def ahead(jarvis: Jarvis, tmp_path: Path) -> Forward:
    made = Forward(jarvis, tmp_path)
    own = made.raw["deploy"]
    made.raw["deploy"] = {**own, **QUICK, "install": list(own["install"])}
    made.raw["platform"] = {**made.raw["platform"], "stalled_s": 3}
    return made


def serves(jarvis: Jarvis, version: str) -> None:
    """Both Deployments are of it, nothing is under way, and users get it alone."""
    assert (jarvis.version(), jarvis.version(WORKER)) == (version, version)
    assert "backout.dev/rollback" not in jarvis.deployment()["metadata"]["annotations"]
    jarvis.answers_as(version)


def test_a_good_release_is_deployed_and_can_be_taken_back(jarvis: Jarvis, ahead: Forward) -> None:
    plan = ahead.plan()
    assert (plan.decision, plan.blind, plan.from_slot, plan.to_slot) == (Decision.DEPLOY, True, OLD, NEW)
    assert plan.consent is not None
    assert ahead.walk(go_forward) is Outcome.DEPLOYED, ahead.why()
    serves(jarvis, NEW)
    [kept] = ahead.data("way back kept")
    assert [row.partition(" of ")[2] for row in kept["kept"]] == ["jarvis-api", "jarvis-worker"]
    assert ahead.data("judged")[-1]["verdict"] == "ok"
    assert ahead.walk(take_back, "back", **BACK) is Outcome.ROLLED_BACK, ahead.why()
    serves(jarvis, OLD)


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", [CRASH, ERRORS, SLOW])
def test_a_bad_release_goes_back_by_itself(jarvis: Jarvis, ahead: Forward, fault: str) -> None:
    """Old pods answer until new ones do, and until nobody is led to them any more: no request is lost, either way."""
    ahead.brings(fault)
    jarvis.answers_as(OLD)
    load = Load(f"{jarvis.stack.address}/api", clients=2, rate=20).start()
    try:
        assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.why()
        serves(jarvis, OLD)
    finally:
        told = load.stop().document()
    assert (told["lost"], told["errors"]) == (0, 0), told
    assert told["requests"] > 0
    assert len(ahead.data("went back")) == 1


@pytest.mark.full_matrix
def test_killed_when_one_deployment_was_changed_it_goes_back(jarvis: Jarvis, ahead: Forward) -> None:
    """The command itself ends the run that started it, before it comes to the worker."""
    half = (
        'kubectl --kubeconfig="$1" --namespace="$2" patch deployment jarvis-api --patch "$3"; kill -9 $PPID'
    )
    labels = {"app.kubernetes.io/version": NEW}
    patch = f'{{"spec": {{"template": {{"metadata": {{"labels": {labels}}}}}}}}}'.replace("'", '"')
    own = ahead.raw["deploy"]["install"]
    ahead.raw["deploy"]["install"] = ["sh", "-c", half, "half", *own[1:3], patch]
    assert exit_code(lambda: ahead.walk(go_forward)) == KILLED
    assert (jarvis.version(), jarvis.version(WORKER)) == (NEW, OLD)
    assert ahead.platform.route().slot == OLD
    assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.why()
    serves(jarvis, OLD)


@pytest.mark.full_matrix
@pytest.mark.parametrize("step", ["wait_for", "change"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_command_it_ends_fully_old(
    jarvis: Jarvis, ahead: Forward, step: str, when: str
) -> None:
    def walk_and_die() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(taking_place, step, _dies(getattr(taking_place, step), when, 1))
            ahead.walk(go_forward)

    assert exit_code(walk_and_die) == KILLED
    ended = ahead.walk(go_forward)
    assert ended is (Outcome.HELD if (when, step) == ("before", "change") else Outcome.WENT_BACK), ahead.why()
    serves(jarvis, OLD)


@pytest.mark.full_matrix
def test_a_release_that_the_cluster_has_a_revision_of_comes_back_with_its_difference(
    jarvis: Jarvis, ahead: Forward
) -> None:
    plan = ahead.plan(to="v1.0.0")
    assert plan.rollout is not None
    assert plan.rollout.difference[0].startswith("v1.1.0 to v1.0.0: ")
    ahead.raw["deploy"]["install"] = ["false"]
    assert ahead.walk(go_forward, to="v1.0.0") is Outcome.DEPLOYED, ahead.why()
    serves(jarvis, "v1.0.0")


@pytest.mark.full_matrix
def test_a_command_that_brings_something_else_goes_back(jarvis: Jarvis, ahead: Forward) -> None:
    ahead.raw["deploy"]["install"] = ["true"]
    assert ahead.walk(go_forward) in (Outcome.HELD, Outcome.WENT_BACK), ahead.why()
    assert f"{NEW} is not in jarvis-api: Deployment jarvis-api asks for {OLD}" in ahead.why()
    serves(jarvis, OLD)


@pytest.mark.full_matrix
def test_an_emergency_that_meets_it_half_way_goes_back_to_the_release_before_and_no_further(
    jarvis: Jarvis, ahead: Forward
) -> None:
    """Its wait is given up within seconds; v1.1.0, which still counts as the serving one, gets its place back."""
    ahead.raw["platform"] |= {"stalled_s": LONGEST_S, "rollout_timeout_s": LONGEST_S}
    ahead.brings(READINESS)
    ended: list[Outcome | None] = []
    deploy = Thread(target=lambda: ended.append(ahead.walk(go_forward)), daemon=True)
    deploy.start()
    wait_until(lambda: jarvis.version(WORKER) == NEW, "the command to have changed both", LONGEST_S)
    assert (ahead.platform.route().slot, ahead.platform.route().half) == (OLD, NEW)
    asked = {**BACK, "runbook": "emergency", "kind": Kind.EMERGENCY}
    assert ahead.walk(take_back_now, "second", **asked) is Outcome.ROLLED_BACK
    deploy.join(LONGEST_S)
    assert ended == [Outcome.SUPERSEDED]
    serves(jarvis, OLD)
    with ahead.installation() as here:
        bad = {row.version: bool(row.quarantined_by) for row in here.store.releases(ahead.name)}
    assert (bad[NEW], bad[OLD]) == (True, False)
