import pytest

from domain.policy import Action, AtDeadline, Policy, Span
from domain.presets import PRESETS
from domain.severity import Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity
MINUTE, HOUR = 60, 3600
WRITTEN = {
    ("mvp-011", CRITICAL): 2 * MINUTE,
    ("mvp-011", HIGH): 5 * MINUTE,
    ("mvp-011", MEDIUM): 15 * MINUTE,
    ("mvp-011", LOW): 30 * MINUTE,
    ("noteshub", CRITICAL): 5 * MINUTE,
    ("noteshub", HIGH): 30 * MINUTE,
    ("jarvis", CRITICAL): 5 * MINUTE,
    ("aldeia", HIGH): HOUR,
}
BUDGETS = {
    ("mvp-011", Span.RUN): 30,
    ("noteshub", Span.ACT): 2 * MINUTE,
    ("noteshub", Span.VERIFY): 3 * MINUTE,
    ("noteshub", Span.ANNOUNCE): MINUTE,
    ("flappyjournal", Span.VERIFY): 15 * MINUTE,
}
WATCHES = {"aldeia": 30, "mvp-011": 30, "noteshub": 15, "jarvis": 30, "flappyjournal": 45, "default": 30}
IMMEDIATE = ["service-outage", "data-corruption", "security-vulnerability"]


@pytest.mark.parametrize(("place", "seconds"), WRITTEN.items(), ids=str)
def test_the_objectives_are_those_of_the_runbook(place: tuple[str, Severity], seconds: int) -> None:
    name, severity = place
    assert PRESETS[name].rto_s(severity) == seconds


@pytest.mark.parametrize(("place", "seconds"), BUDGETS.items(), ids=str)
def test_the_budgets_are_those_of_the_runbook(place: tuple[str, Span], seconds: int) -> None:
    name, span = place
    assert [row.seconds for row in PRESETS[name].budgets if row.span is span] == [seconds]


@pytest.mark.parametrize(("name", "minutes"), WATCHES.items())
def test_the_watch_is_as_long_as_the_runbook_says(name: str, minutes: int) -> None:
    assert PRESETS[name].watch_s == minutes * MINUTE


@pytest.mark.parametrize("issue", IMMEDIATE)
def test_aldeias_immediate_rows_are_critical_and_pause_for_nobody(issue: str) -> None:
    policy = PRESETS["aldeia"]
    assert policy.severity_of(issue) is CRITICAL
    assert policy.rules[CRITICAL].consent.people == 0


def test_aldeias_other_rows() -> None:
    policy = PRESETS["aldeia"]
    assert policy.severity_of("performance-degradation") is HIGH
    assert policy.rto_s(HIGH, "performance-degradation") == HOUR
    assert (policy.severity_of("minor-bug"), policy.severity_of("cosmetic")) == (MEDIUM, LOW)


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_each_preset_asks_as_the_design_says(policy: Policy) -> None:
    assert policy.rules[CRITICAL].consent.people == 0
    assert policy.rules[HIGH].consent.people == policy.rules[MEDIUM].consent.people == 1
    assert policy.rules[MEDIUM].action is Action.HOTFIX_FIRST
    assert policy.rules[LOW].action is Action.NEXT_RELEASE
    assert {rule.consent.at_deadline for rule in policy.rules.values()} == {AtDeadline.REJECT}
    assert all(rule.deadline_s <= rule.rto_s for rule in policy.rules.values())


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_each_preset_is_whole_and_each_row_says_where_it_is_written(policy: Policy) -> None:
    assert set(policy.rules) == set(Severity)
    assert len({row.name for row in policy.issues}) == len(policy.issues)
    sources = [row.source for row in policy.issues] + [row.source for row in policy.budgets]
    assert all(source[:2] in {"A ", "F ", "J ", "M ", "N "} for source in sources)
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


def test_the_default_is_the_strictest_of_all() -> None:
    order = list(Severity)
    default = PRESETS["default"]
    for policy in PRESETS.values():
        assert all(default.rto_s(severity) <= policy.rto_s(severity) for severity in Severity)
        assert all(
            order.index(default.severity_of(row.name)) <= order.index(row.severity) for row in policy.issues
        )
