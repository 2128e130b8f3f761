"""Deciding again: the same record gives the same decisions, and each thing that was changed in it shows at its step."""

from datetime import timedelta
from typing import Any

import pytest

from domain.assess_database import decide
from domain.consent import Answer, Approval
from domain.findings import Finding, Verdict
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.replay.replay import Replay, replay
from domain.replay.step import Step
from domain.severity import Severity
from domain.situation import Situation
from domain.triggers import Trigger
from tests.domain.test_assess import APPLICATION, NOON, situation

KEY = b"approvals"
INCIDENT = "20261122-120000-shop-production-0000"
Kinds = list[tuple[Happened, dict[str, Any]]]


def looked(name: str, verdict: Verdict = Verdict.OK, on: str = "router", **more: Any) -> dict[str, Any]:
    symptom = "http 500" if verdict is Verdict.BAD else ""
    return Finding(name=name, on=on, verdict=verdict, said=str(verdict), symptom=symptom, **more).model_dump(
        mode="json"
    )


def planned(given: Situation, plan: Plan, **change: Any) -> tuple[Happened, dict[str, Any]]:
    data = {
        "plan": plan.model_dump(mode="json"),
        "situation": given.model_dump(mode="json"),
        "backout": "1.2",
    }
    return Happened.PLANNED, {**data, **change}


def replayed(
    given: Situation, *kinds: tuple[Happened, dict[str, Any]], outcome: Outcome | None = None
) -> Replay:
    plan = Plan.model_validate(kinds[0][1]["plan"])
    incident = Incident(
        id=INCIDENT, application=APPLICATION, request=given.request, plan=plan, outcome=outcome
    )
    opened = (Happened.OPENED, {"request": given.request.model_dump(mode="json")})
    entries = [
        Entry(incident=INCIDENT, seq=seq, at=NOON + timedelta(seconds=seq), kind=kind, data=data)
        for seq, (kind, data) in enumerate([opened, *kinds], 1)
    ]
    return replay(incident, entries, KEY)


def step(found: Replay, name: str) -> Step:
    return next(one for one in found.steps if one.name == name)


def test_a_whole_rollback_comes_out_the_same() -> None:
    given = situation()
    plan = decide(given)
    found = replayed(
        given,
        planned(given, plan),
        (Happened.PREPARED, {"slot": "blue", "findings": [looked("health", on="blue")], "healthy": True}),
        (Happened.VERIFIED, {"slot": "blue", "findings": [looked("health")], "ok": True, "health": "health"}),
        (Happened.WATCH_SAMPLE, {"findings": [looked("health")], "said": "all ok"}),
        (Happened.WATCH_ENDED, {"ok": True, "why": "nothing bad was seen"}),
    )
    assert found.same
    assert [one.name for one in found.steps] == [
        "severity", "target", "plan", "plan kept", "blue before the switch", "blue as users have it", "watch",
    ]  # fmt: skip
    assert {one.same for one in found.steps} == {True}
    assert "F Emergency Rollback Procedures" in step(found, "severity").rests_on


def test_a_plan_that_the_record_does_not_lead_to_is_told_key_by_key() -> None:
    given = situation()
    plan = decide(given)
    other = plan.model_copy(update={"to_slot": "red", "to_release": "v1"})
    found = replayed(given, planned(given, other))
    assert not found.same
    assert step(found, "target").replayed == "blue"
    assert "to_release was 'v1', is 'v2'" in step(found, "plan").why
    assert found.decided_by == "1.2"


def test_a_policy_that_was_changed_afterwards_shows() -> None:
    given = situation(issue="performance-degradation")
    plan = decide(given)
    lenient = given.policy.rules[Severity.HIGH].consent.model_copy(update={"people": 0})
    rule = given.policy.rules[Severity.HIGH].model_copy(update={"consent": lenient})
    policy = given.policy.model_copy(update={"rules": {**given.policy.rules, Severity.HIGH: rule}})
    found = replayed(given, planned(given.model_copy(update={"policy": policy}), plan))
    assert step(found, "plan").same is False
    assert step(found, "severity").same


@pytest.mark.parametrize(
    ("answer", "forged", "outcome", "same"),
    [
        (Answer.APPROVE, False, None, True),
        (Answer.APPROVE, True, None, False),
        (Answer.REJECT, False, Outcome.REJECTED, True),
        (Answer.REJECT, False, None, False),
        (Answer.INSTEAD, False, Outcome.SUPERSEDED, True),
    ],
)
def test_consent_is_counted_again(answer: Answer, forged: bool, outcome: Outcome | None, same: bool) -> None:
    given = situation(issue="performance-degradation")
    plan = decide(given)
    said = Approval(
        incident=INCIDENT, plan=plan.digest(), answer=answer, person="jane", via="cli", proven=True, at=NOON
    ).signed(b"another" if forged else KEY)
    resumed: Kinds = [(Happened.RESUMED, {})] if outcome is None else []
    found = replayed(
        given,
        planned(given, plan),
        (
            Happened.CONSENT_ASKED,
            {"deadline": (NOON + timedelta(minutes=5)).isoformat(), "plan": plan.digest()},
        ),
        (Happened.ANSWERED, {"approval": said.model_dump(mode="json")}),
        *resumed,
        outcome=outcome,
    )
    assert step(found, "consent").same is same
    assert "jane said" in step(found, "consent").rests_on


@pytest.mark.parametrize(("samples", "same"), [(3, True), (2, False)])
def test_the_samples_must_fire_the_rule(samples: int, same: bool) -> None:
    seen = [
        Finding(
            name="health", on="router", verdict=Verdict.BAD, said="503", at=NOON + timedelta(seconds=second)
        )
        for second in range(samples)
    ]
    asked = situation(via="automation", detection=seen)
    given = asked.model_copy(update={"triggers": [Trigger(failures=3)], "pauses": {"health": 1.0}})
    found = replayed(given, planned(given, decide(given)))
    assert step(found, "detection").same is same
    assert "3 failures of health in a row" in step(found, "detection").rests_on


def test_a_rise_is_not_said_to_differ_where_what_it_compares_with_is_not_on_record() -> None:
    seen = [Finding(name="p95", on="router", verdict=Verdict.OK, said="2 s", value=2.0, unit="s")]
    given = situation(via="automation", detection=seen).model_copy(
        update={"triggers": [Trigger(signal="p95", rise=50, for_s=0, issue="x")], "pauses": {"p95": 1.0}}
    )
    found = replayed(given, planned(given, decide(given)))
    assert (step(found, "detection").same, found.same) == (None, True)
    assert "release before" in step(found, "detection").why


def test_an_alert_of_another_system_is_said_to_be_one() -> None:
    seen = [Finding(name="HighErrorRate", on="router", verdict=Verdict.BAD, said="7 %")]
    given = situation(via="automation", detection=seen)
    found = replayed(given, planned(given, decide(given)))
    assert (step(found, "detection").same, found.same) == (None, True)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ((Happened.PREPARED, {"slot": "blue", "findings": [looked("health", Verdict.BAD)], "healthy": True}), "blue before the switch"),
        ((Happened.VERIFIED, {"slot": "blue", "findings": [looked("smoke", Verdict.BAD)], "ok": True, "health": "health"}), "blue as users have it"),
        ((Happened.COMPARED, {"findings": [looked("health", Verdict.BAD)], "better": True, "why": ""}), "before and after"),
        ((Happened.LOOKED_AGAIN, {"findings": [looked("health", Verdict.NO_DATA)], "helped": True, "health": "health"}), "None turned off"),
    ],
)  # fmt: skip
def test_a_look_that_says_more_than_its_findings_shows(
    entry: tuple[Happened, dict[str, Any]], name: str
) -> None:
    given = situation()
    found = replayed(given, planned(given, decide(given)), entry)
    assert step(found, name).same is False
    assert not found.same


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"situation": None}, "does not hold what it rests on"),
        ({"situation": {"request": {}}}, "written by Backout 1.2 and does not fit here"),
    ],
)
def test_what_is_missing_is_said_and_is_not_taken_for_the_same(data: dict[str, Any], why: str) -> None:
    given = situation()
    found = replayed(given, planned(given, decide(given), **data))
    assert (found.steps[0].same, found.same) == (None, False)
    assert why in found.steps[0].why


def test_an_incident_without_a_plan_says_what_kept_it_from_one() -> None:
    given = situation()
    incident = Incident(id=INCIDENT, application=APPLICATION, request=given.request, outcome=Outcome.HELD)
    failed = Entry(
        incident=INCIDENT,
        seq=1,
        at=NOON,
        kind=Happened.ACT_FAILED,
        data={"act": "survey", "error": "router is down"},
    )
    found = replay(incident, [failed], KEY)
    assert (found.steps[0].why, found.planned, found.same) == ("router is down", False, True)
    lost = incident.model_copy(update={"plan": decide(given)})
    assert not replay(lost, [failed], KEY).same


def test_a_journal_that_cannot_be_believed_leads_to_nothing() -> None:
    given = situation()
    plan = decide(given)
    incident = Incident(id=INCIDENT, application=APPLICATION, request=given.request, plan=plan)
    kind, data = planned(given, plan)
    entry = Entry(incident=INCIDENT, seq=1, at=NOON, kind=kind, data=data)
    assert replay(incident, [entry], KEY).same
    assert not replay(incident, [entry], KEY, ["entry 2 was changed"]).same
