"""Reasons not to go back although a target is there."""

from datetime import timedelta
from typing import Any

import pytest

from domain.assess import assess
from domain.attempts import Attempt
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.release import Survey
from domain.request import Kind
from domain.situation import Situation
from domain.speed import RESPONSE_TIME
from tests.domain.test_assess import NOON, RELEASES, look, release, situation


def tried(outcome: Outcome, minutes_ago: float, **over: Any) -> Attempt:
    values: dict[str, Any] = {
        "incident": "one",
        "from_release": "v3",
        "to_release": "v2",
        "outcome": outcome,
        "closed_at": NOON - timedelta(minutes=minutes_ago),
    }
    return Attempt(**(values | over))


@pytest.mark.parametrize(
    ("attempt", "via", "decision"),
    [
        (tried(Outcome.WENT_BACK, 5), "automation", Decision.HOLD),
        (tried(Outcome.STUCK, 59), "automation", Decision.HOLD),
        (tried(Outcome.WENT_BACK, 61), "automation", Decision.ROLL_BACK),
        (tried(Outcome.ROLLED_BACK, 5), "automation", Decision.ROLL_BACK),
        (tried(Outcome.WENT_BACK, 5, to_release="v1"), "automation", Decision.ROLL_BACK),
        (tried(Outcome.WENT_BACK, 5), "cli", Decision.ROLL_BACK),
    ],
)
def test_a_trigger_does_not_try_again_what_did_not_verify(
    attempt: Attempt, via: str, decision: Decision
) -> None:
    plan = assess(situation(via=via).model_copy(update={"recent": [attempt]}))
    assert plan.decision is decision
    assert any("a person must decide" in why for why in plan.why) is (decision is Decision.HOLD)


def with_survey(base: Situation, **changes: Any) -> Situation:
    survey: Survey = base.survey.model_copy(update=changes)
    return base.model_copy(update={"survey": survey})


@pytest.mark.parametrize(
    ("via", "decision"), [("automation", Decision.WONT_HELP), ("cli", Decision.ROLL_BACK)]
)
def test_a_trigger_does_not_blame_the_release_for_the_proxy(via: str, decision: Decision) -> None:
    seen = with_survey(situation(via=via, health={"green": "ok"}), through_router=look("router", "http 502"))
    plan = assess(seen)
    assert plan.decision is decision
    assert any("it is the proxy, not the release" in why for why in plan.why) is (via == "automation")


def test_a_check_that_is_only_looked_at_through_the_router_does_not_acquit_the_release() -> None:
    smoke = Finding(name="smoke", on="router", verdict=Verdict.BAD, said="no", symptom="http 500")
    seen = with_survey(situation(via="automation", health={"green": "ok"}), through_router=[smoke])
    assert assess(seen).decision is Decision.ROLL_BACK


def timed(name: str, seconds: float | None) -> list[Finding]:
    verdict = Verdict.OK if seconds is not None else Verdict.NO_DATA
    took = Finding(name=RESPONSE_TIME, on=name, verdict=verdict, said="", value=seconds, unit="s")
    return [*look(name, "ok"), took]


@pytest.mark.parametrize(
    ("now", "then", "decision"),
    [
        (2.8, 2.9, Decision.WONT_HELP),
        (2.8, 2.5, Decision.WONT_HELP),
        (2.8, 0.3, Decision.ROLL_BACK),
        (None, 0.3, Decision.ROLL_BACK),
    ],
)
def test_a_release_that_is_no_faster_does_not_help(
    now: float | None, then: float, decision: Decision
) -> None:
    findings = {"green": timed("green", now), "blue": timed("blue", then)}
    plan = assess(with_survey(situation(to="v2"), findings=findings))
    assert plan.decision is decision
    assert any("the old release is no faster: " in why for why in plan.why) is (
        decision is Decision.WONT_HELP
    )


def test_a_serving_release_that_nobody_looked_at_is_not_called_well() -> None:
    rolled_back = [release("v4", "gone", quarantined_by="one"), *RELEASES]
    unseen = situation(releases=rolled_back, kind=Kind.EMERGENCY)
    findings = {name: found for name, found in unseen.survey.findings.items() if name != "green"}
    plan = assess(with_survey(unseen, findings=findings, through_router=[]))
    assert (plan.decision, plan.to_release) == (Decision.ROLL_BACK, "v2")
