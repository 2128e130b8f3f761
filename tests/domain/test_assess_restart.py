"""A restart of what serves: what it plans, whom it asks, and where it is no way out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.assess_database import decide
from domain.assess_restart import A_GAP, CANNOT, NOBODY_SERVES
from domain.attempts import Attempt
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.policy import AtDeadline, Consent
from domain.presets import PRESETS
from domain.release import Part
from domain.request import RESTART
from domain.severity import Severity
from tests.domain.test_assess import NOON, situation


def decided(
    *,
    restarts: bool = True,
    rolling: bool = False,
    serves: bool = True,
    recent: Sequence[Attempt] = (),
    **over: Any,
) -> Plan:
    found = situation(**{"runbook": RESTART, "policy": PRESETS["jarvis"], "severity": Severity.HIGH, **over})
    parts = [Part(name="config", release="now")]
    serving = found.survey.serving if serves else None
    survey = found.survey.model_copy(update={"parts": parts, "serving": serving})
    known = {"survey": survey, "restarts": restarts, "rolling": rolling, "recent": list(recent)}
    return decide(found.model_copy(update=known))


def test_what_serves_stays_the_release_it_is() -> None:
    plan = decided()
    assert plan.acts == ["preserve", "restart", "verify", "compare again", "report", "soak"]
    assert (plan.decision, plan.stops_with, plan.said) == (Decision.RESTART, None, "restart")
    assert (plan.from_slot, plan.from_release) == (plan.to_slot, plan.to_release)
    assert plan.why[-1].endswith("is restarted in place")


def test_it_asks_as_a_rollback_of_that_severity_does() -> None:
    rules = PRESETS["jarvis"].rules
    assert decided().consent == rules[Severity.HIGH].consent
    assert decided(severity=Severity.CRITICAL).consent is None
    assert decided(force=True, reason="now").consent is None


def test_low_severity_lets_no_restart_wait_for_the_next_release() -> None:
    assert decided(severity=Severity.LOW).decision is Decision.RESTART


def test_a_gap_for_users_is_said_and_never_approved_by_silence() -> None:
    silent = Consent(people=1, at_deadline=AtDeadline.APPROVE)
    with_a_gap, without = decided(), decided(rolling=True)
    assert (with_a_gap.at_risk, without.at_risk) == ([A_GAP], [])
    assert with_a_gap.model_copy(update={"consent": silent}).unanswered is AtDeadline.REJECT
    assert without.model_copy(update={"consent": silent}).unanswered is AtDeadline.APPROVE


def test_it_holds_where_it_cannot_be_done() -> None:
    cannot, nobody = decided(restarts=False), decided(serves=False)
    assert (cannot.decision, cannot.why, cannot.acts) == (Decision.HOLD, [CANNOT], [])
    assert (nobody.decision, nobody.why, nobody.consent) == (Decision.HOLD, [NOBODY_SERVES], None)


def test_a_trigger_does_not_restart_again_and_again_what_that_does_not_help() -> None:
    failed = Attempt(
        incident="i-1", from_release="v3", to_release="v3", outcome=Outcome.RESTART_FAILED, closed_at=NOON
    )
    long_ago = failed.model_copy(update={"closed_at": NOON - timedelta(hours=2)})
    assert decided(recent=[failed]).decision is Decision.HOLD
    assert "incident i-1" in decided(recent=[failed]).why[0]
    assert decided(recent=[long_ago]).decision is Decision.RESTART
    assert decided(recent=[failed.model_copy(update={"to_release": "v2"})]).decision is Decision.RESTART


def test_it_is_offered_only_where_it_can_be_done_and_not_in_place_of_itself() -> None:
    assert decided().offers == ["config", "hotfix"]
    assert decided(runbook="rollback").offers == ["restart", "config", "hotfix"]
    assert decided(runbook="rollback", restarts=False).offers == ["config", "hotfix"]
    assert "restart" not in decided(runbook="rollback", only="backend").offers
