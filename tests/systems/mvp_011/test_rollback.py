"""MVP-011 end to end: good and bad releases on a real deployment API, taken back by the path of the rollback."""

import httpx
import pytest

from domain.outcomes import Outcome
from domain.policy import Consent
from domain.severity import Severity
from examples.mvp_011.application import Fault
from examples.mvp_011.server import ApiFault
from flows.path import take_back, take_back_now
from tasks.study_database import planned
from tests.blocks.waiting import wait_until
from tests.systems.mvp_011.scene import TOKEN, ApiScene


def health(scene: ApiScene) -> int:
    return httpx.get(f"{scene.stack.url}/health", timeout=5, trust_env=False).status_code


@pytest.mark.parametrize("fault", [Fault.ERRORS, Fault.SLOW, Fault.WIDGET])
def test_a_bad_release_is_taken_back(scene: ApiScene, fault: Fault) -> None:
    scene.stack.deploy("1.1.0", fault)
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert scene.history() == [("deploy", "1.0.0"), ("deploy", "1.1.0"), ("rollback", "1.0.0")]
    assert health(scene) == httpx.codes.OK
    assert scene.data("verified")[-1]["ok"]
    assert "1.1.0" in scene.report()
    assert "Blind: the target could not be looked at before the switch" in scene.report()
    assert TOKEN not in scene.report()


def test_a_release_that_crashed_is_taken_back_in_an_emergency(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.CRASH)
    wait_until(lambda: health(scene) == httpx.codes.BAD_GATEWAY, "the crash")
    assert scene.walk(take_back_now) is Outcome.ROLLED_BACK
    assert health(scene) == httpx.codes.OK
    with scene.installation() as here:
        kinds = [entry.kind for entry in here.store.entries(scene.incident().id)]
    assert kinds.index("preserved") < kinds.index("switched"), "the switch leaves nothing of what served"


def test_the_second_rollback_has_nothing_to_do(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.walk(take_back)
    assert scene.walk(take_back, "second") is Outcome.NOTHING_TO_DO
    assert len(scene.history()) == 3


def test_a_release_in_quarantine_is_not_gone_back_to(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.walk(take_back)
    assert scene.walk(take_back, "second", to="1.1.0") is Outcome.HELD
    assert len(scene.history()) == 3


def test_after_a_new_release_there_is_a_way_back_again(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.walk(take_back)
    scene.stack.deploy("1.2.0", Fault.WIDGET)
    assert scene.walk(take_back, "second") is Outcome.ROLLED_BACK
    assert scene.history()[-1] == ("rollback", "1.0.0")


def test_the_first_release_has_no_way_back(scene: ApiScene) -> None:
    assert scene.walk(take_back) is Outcome.HELD
    assert scene.history() == [("deploy", "1.0.0")]


def test_a_target_that_does_not_verify_is_left_again(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.stack.deploy("1.2.0")
    assert scene.walk(take_back) is Outcome.WENT_BACK
    assert scene.history()[-2:] == [("rollback", "1.1.0"), ("rollback", "1.2.0")]
    assert health(scene) == httpx.codes.OK
    assert "core AI query" in scene.report()


def test_a_way_back_to_what_is_not_well_either_needs_people(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.stack.deploy("1.2.0", Fault.ERRORS)
    assert scene.walk(take_back) is Outcome.STUCK
    assert scene.history()[-2:] == [("rollback", "1.1.0"), ("rollback", "1.2.0")]
    assert "1.2.0 is in place again, and its health" in scene.report()


@pytest.mark.parametrize(
    "fault", [ApiFault.ERROR_BEFORE, ApiFault.ERROR_AFTER, ApiFault.CUT_AFTER, ApiFault.HANG_AFTER]
)
def test_an_answer_that_says_nothing_moves_traffic_once(scene: ApiScene, fault: ApiFault) -> None:
    scene.stack.deploy("1.1.0", Fault.WIDGET)
    scene.stack.spoil(fault)
    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert scene.history() == [("deploy", "1.0.0"), ("deploy", "1.1.0"), ("rollback", "1.0.0")]


@pytest.mark.parametrize(
    ("severity", "asked"), [(Severity.CRITICAL, False), (Severity.HIGH, True), (Severity.MEDIUM, True)]
)
def test_the_plan_is_blind_and_asks_unless_it_is_critical(
    scene: ApiScene, severity: Severity, asked: bool
) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    rules = {"high": {"consent": {"people": 0}}}
    scene.raw["policy"] = {"preset": "mvp-011", "rules": rules}
    with scene.installation() as here:
        plan = planned(here, scene.document, scene.request(severity=severity))
    assert plan.blind
    assert (plan.from_release, plan.to_release) == ("1.1.0", "1.0.0")
    assert isinstance(plan.consent, Consent) is asked
    assert scene.history()[-1] == ("deploy", "1.1.0")


def test_evidence_holds_the_status_and_no_token(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.ERRORS)
    scene.walk(take_back)
    kept = {path.name: path.read_text() for path in scene.home.evidence.rglob("*.*") if path.suffix != ".svg"}
    assert '"currentEnvironment": "green"' in kept["deployment-status.json"]
    assert "1.1.0" in kept["green.log"]
    assert TOKEN not in "".join(kept.values())
