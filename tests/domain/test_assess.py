from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.acts import ACTS, AT_ONCE
from domain.assess import assess
from domain.errors import UnknownRelease
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.policy import Consent, Policy
from domain.presets import PRESETS
from domain.release import Release, Slot, Survey
from domain.request import Kind, Request
from domain.severity import Severity
from domain.situation import Situation

APPLICATION = "shop/production"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = PRESETS["flappyjournal"]


def look(on: str, health: str) -> list[Finding]:
    """`ok`, `none`, or the symptom of a bad answer."""
    verdict = {"ok": Verdict.OK, "none": Verdict.NO_DATA}.get(health, Verdict.BAD)
    symptom = health if verdict is Verdict.BAD else ""
    return [Finding(name="health", on=on, verdict=verdict, said=health, symptom=symptom, at=NOON)]


def release(version: str, slot: str, **over: Any) -> Release:
    values: dict[str, Any] = {
        "application": APPLICATION,
        "version": version,
        "slot": slot,
        "served_since": NOON - timedelta(hours=9 - int(version[1:])),
    }
    return Release(**(values | over))


RELEASES = [release("v3", "green"), release("v2", "blue"), release("v1", "red")]
SLOTS = {"green": "v3", "blue": "v2", "red": "v1"}
HEALTH = {"green": "http 503", "blue": "ok", "red": "ok"}


def situation(
    *,
    health: dict[str, str] | None = None,
    stopped: tuple[str, ...] = (),
    releases: list[Release] | None = None,
    standby: bool = True,
    policy: Policy = POLICY,
    **request: Any,
) -> Situation:
    seen = HEALTH | (health or {})
    slots = [Slot(name=name, version=version, running=name not in stopped) for name, version in SLOTS.items()]
    survey = Survey(
        application=APPLICATION,
        at=NOON,
        slots=slots,
        serving="green",
        findings={name: look(name, word) for name, word in seen.items() if name not in stopped},
        through_router=look("router", seen["green"]),
        schema_version="7",
    )
    asked: dict[str, Any] = {"application": APPLICATION, "issue": "service-outage", "by": "sam"}
    return Situation(
        request=Request(**(asked | request)),
        survey=survey,
        releases=RELEASES if releases is None else releases,
        policy=policy,
        standby=standby,
    )


def decided(**over: Any) -> Plan:
    return assess(situation(**over))


@pytest.mark.parametrize(
    ("over", "target"),
    [
        ({}, "v2"),
        ({"health": {"blue": "http 500"}}, "v1"),
        ({"health": {"blue": "none"}}, "v1"),
        ({"releases": [RELEASES[0], release("v2", "blue", quarantined_by="one"), RELEASES[2]]}, "v1"),
        ({"releases": [RELEASES[0], release("v2", "blue", served_since=None), RELEASES[2]]}, "v1"),
        ({"releases": [release("v9", "gone"), *RELEASES]}, "v2"),
        ({"to": "v1"}, "v1"),
        ({"stopped": ("blue", "red")}, "v2"),
        ({"stopped": ("red",), "health": {"blue": "http 500"}}, "v1"),
        ({"to": "v2", "stopped": ("blue",)}, "v2"),
        ({"to": "v2", "health": {"blue": "http 500"}, "even_unhealthy": True}, "v2"),
    ],
)
def test_it_goes_back_to_the_newest_healthy_release_that_served(over: dict[str, Any], target: str) -> None:
    plan = decided(**over)
    assert (plan.decision, plan.to_release, plan.from_release) == (Decision.ROLL_BACK, target, "v3")
    assert plan.to_slot == {"v2": "blue", "v1": "red"}[target]
    assert target in plan.why[-1]
    assert plan.stops_with is None


BOTH_DOWN = {"blue": "refused", "red": "refused"}
QUARANTINED = [release("v2", "blue", quarantined_by="incident-7")]


@pytest.mark.parametrize(
    ("over", "decision", "because"),
    [
        ({"releases": []}, Decision.HOLD, "which has no record of serving"),
        ({"releases": []}, Decision.HOLD, "name the release to go back to with --to"),
        ({"releases": [RELEASES[0]]}, Decision.HOLD, "no standby release of shop/production"),
        ({"to": "v3"}, Decision.NOTHING_TO_DO, "v3 in green has the traffic"),
        ({"health": BOTH_DOWN}, Decision.HOLD, "v2 in blue is not healthy now"),
        ({"to": "v2", "health": {"blue": "timeout"}}, Decision.HOLD, "timeout"),
        ({"to": "v2", "health": {"blue": "none"}}, Decision.HOLD, "not healthy now"),
        ({"to": "v2", "health": {"blue": "http 503"}}, Decision.WONT_HELP, "health: http 503"),
        ({"to": "v2", "releases": QUARANTINED}, Decision.HOLD, "quarantined since incident incident-7"),
        ({"to": "v2", "releases": QUARANTINED, "force": True}, Decision.HOLD, "quarantined"),
        ({"severity": Severity.LOW}, Decision.FIX_FORWARD, "low severity"),
        ({"severity": Severity.LOW, "to": "v2", "health": {"blue": "timeout"}}, Decision.HOLD, "not healthy"),
    ],
)
def test_it_stops_and_says_why(over: dict[str, Any], decision: Decision, because: str) -> None:
    plan = decided(**over)
    assert plan.decision is decision
    assert any(because in reason for reason in plan.why), plan.why
    assert plan.acts == []
    assert plan.consent is None
    assert plan.stops_with is not None


def test_what_does_not_help_has_an_outcome_of_its_own() -> None:
    assert decided(to="v2", health={"blue": "http 503"}).stops_with is Outcome.WONT_HELP


def test_an_unknown_release_is_told_with_those_that_are_there() -> None:
    with pytest.raises(UnknownRelease) as caught:
        decided(to="v8")
    assert list(caught.value.known) == ["v3", "v2", "v1"]


@pytest.mark.parametrize(
    ("over", "severity"),
    [
        ({}, Severity.CRITICAL),
        ({"issue": "performance-degradation"}, Severity.HIGH),
        ({"issue": "never heard of"}, Severity.HIGH),
        ({"issue": None}, Severity.HIGH),
        ({"severity": Severity.MEDIUM}, Severity.MEDIUM),
        ({"severity": Severity.LOW, "kind": Kind.EMERGENCY}, Severity.CRITICAL),
    ],
)
def test_severity_is_a_persons_word_else_the_policys(over: dict[str, Any], severity: Severity) -> None:
    assert decided(**over).severity is severity


@pytest.mark.parametrize(
    ("over", "people"),
    [
        ({}, None),
        ({"issue": "performance-degradation"}, 1),
        ({"severity": Severity.MEDIUM}, 1),
        ({"severity": Severity.MEDIUM, "force": True}, None),
        ({"severity": Severity.LOW, "force": True}, None),
        ({"kind": Kind.EMERGENCY}, None),
        ({"standby": False}, None),
        ({"standby": False, "issue": "performance-degradation"}, 1),
        ({"standby": False, "issue": "performance-degradation", "force": True}, None),
        ({"issue": "performance-degradation", "via": "automation"}, 1),
    ],
)
def test_whom_it_asks(over: dict[str, Any], people: int | None) -> None:
    consent = decided(**over).consent
    assert (consent.people if consent else None) == people


@pytest.mark.parametrize(("via", "asked"), [("automation", False), ("cli", True)])
def test_an_automatic_run_asks_only_where_policy_says_so(via: str, *, asked: bool) -> None:
    rule = POLICY.rules[Severity.HIGH].model_copy(update={"consent": Consent(people=1, when_automatic=False)})
    policy = POLICY.model_copy(update={"rules": POLICY.rules | {Severity.HIGH: rule}})
    over: dict[str, Any] = {"policy": policy, "issue": "performance-degradation", "via": via}
    assert (decided(**over).consent is not None) is asked
    assert decided(**over, standby=False).consent is not None


def test_medium_proposes_a_hotfix_first() -> None:
    assert "hotfix" in decided(severity=Severity.MEDIUM).proposal
    assert decided(severity=Severity.HIGH).proposal == ""


def test_an_emergency_keeps_evidence_after_the_switch() -> None:
    assert decided().acts == ACTS
    assert decided(kind=Kind.EMERGENCY).acts == AT_ONCE
    assert sorted(ACTS) == sorted(AT_ONCE)


def test_the_plan_says_what_is_at_risk() -> None:
    older = [RELEASES[0], release("v2", "blue", schema_version="6"), release("v1", "red", schema_version="7")]
    assert decided(releases=older).at_risk == ["the schema stays at 7; the target was recorded with 6"]
    assert decided(releases=older, to="v1").at_risk == []
    assert len(decided(force=True, even_unhealthy=True).at_risk) == 2
    assert decided(force=True).at_risk == ["nobody is asked (--force)"]
    assert decided(force=True, via="break-glass").at_risk == ["nobody is asked (--break-glass)"]
    assert decided(standby=False).blind


def test_the_plan_keeps_what_it_rests_on() -> None:
    plan = decided(reason="customers call")
    assert plan.why[:2] == ["customers call", "users see: health: http 503"]
    assert {(finding.name, finding.on) for finding in plan.seen} == {
        ("health", place) for place in ("router", "green", "blue", "red")
    }


@pytest.mark.parametrize(("past", "eta"), [([], None), ([9.0], 9.0), ([30.0, 2.0, 4.0], 4.0)])
def test_the_time_it_takes_is_the_median_of_past_ones(past: list[float], eta: float | None) -> None:
    assert assess(situation().model_copy(update={"past_s": past})).eta_s == eta


def test_the_deadline_never_outlasts_the_objective() -> None:
    for severity in Severity:
        plan = decided(severity=severity, force=severity is Severity.LOW)
        assert 0 < plan.deadline_s <= plan.rto_s


def test_a_second_rollback_that_names_no_release_does_nothing() -> None:
    rolled_back = [release("v4", "gone", quarantined_by="one"), *RELEASES]
    plan = decided(releases=rolled_back, health={"green": "ok"})
    assert (plan.decision, plan.stops_with) == (Decision.NOTHING_TO_DO, Outcome.NOTHING_TO_DO)
    assert "v3 serves since incident one" in plan.why[0]


@pytest.mark.parametrize("over", [{"to": "v2", "health": {"green": "ok"}}, {}])
def test_after_a_rollback_it_goes_further_back_when_told_to_or_when_that_fails_too(
    over: dict[str, Any],
) -> None:
    plan = decided(releases=[release("v4", "gone", quarantined_by="one"), *RELEASES], **over)
    assert (plan.decision, plan.to_release) == (Decision.ROLL_BACK, "v2")


def test_it_never_goes_forward_without_being_told_to() -> None:
    later = release("v2", "blue", served_since=NOON)
    plan = decided(releases=[later, RELEASES[0]])
    assert plan.decision is Decision.HOLD
    assert any("v2, which first served after the release that serves now" in why for why in plan.why)
