import pytest
from pydantic import ValidationError

from domain.policy import Action, Budget, Consent, Issue, Policy, Rule, Span
from domain.severity import Severity


def policy() -> Policy:
    rules = {severity: Rule(action=Action.ROLL_BACK, rto_s=60, consent=Consent()) for severity in Severity}
    issues = [
        Issue(name="slow", severity=Severity.HIGH, source="here", rto_s=3600),
        Issue(name="down", severity=Severity.CRITICAL, source="here"),
    ]
    return Policy(rules=rules, issues=issues)


def test_an_issue_has_the_severity_of_its_row() -> None:
    assert policy().severity_of("down") is Severity.CRITICAL
    assert policy().issue("down") == Issue(name="down", severity=Severity.CRITICAL, source="here")


@pytest.mark.parametrize("name", [None, "", "nobody wrote it down"])
def test_an_issue_nobody_wrote_down_is_high(name: str | None) -> None:
    assert policy().issue(name) is None
    assert policy().severity_of(name) is Severity.HIGH


def test_the_issues_own_objective_comes_before_its_severitys() -> None:
    assert policy().rto_s(Severity.HIGH, "slow") == 3600
    assert policy().rto_s(Severity.HIGH, "down") == 60
    assert policy().rto_s(Severity.HIGH) == 60


@pytest.mark.parametrize(("deadline_s", "expected"), [(30, 30), (60, 60), (900, 60)])
def test_no_approval_outlasts_its_objective(deadline_s: int, expected: int) -> None:
    rule = Rule(action=Action.ROLL_BACK, rto_s=60, consent=Consent(deadline_s=deadline_s))
    assert rule.deadline_s == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"report_layout": "nobody's"},
        {"watch_s": 0},
        {"unknown_issue": "grave"},
        {"surprise": 1},
        {"issues": [{"name": "x"}]},
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_a_policy_does_not_know_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Policy.model_validate(policy().model_dump() | wrong)


def test_a_budget_times_detection_to_verified_unless_it_says_otherwise() -> None:
    assert Budget(name="all", seconds=1, source="here").span is Span.COMPLETE


@pytest.mark.parametrize("people", [-1, 3])
def test_at_most_two_people_are_asked(people: int) -> None:
    with pytest.raises(ValidationError, match="people"):
        Consent(people=people)
