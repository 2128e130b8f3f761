"""MVP-011 "Recovery Time Objectives": each class of issue has its time, and the report says whether it was met."""

import pytest

from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.presets import MVP_011
from domain.report.facts import Facts, gather
from domain.report.render import render
from domain.severity import Severity
from tests.domain.report import story

MINUTE = 60
CLASSES = {
    "service-outage": (Severity.CRITICAL, 2 * MINUTE),
    "health-check-failure": (Severity.CRITICAL, 2 * MINUTE),
    "error-rate": (Severity.CRITICAL, 2 * MINUTE),
    "performance-degradation": (Severity.HIGH, 5 * MINUTE),
    "api-breaking-change": (Severity.MEDIUM, 15 * MINUTE),
    "minor-bug": (Severity.LOW, 30 * MINUTE),
}


def ended(issue: str, seconds: float, *, better: bool = True) -> Facts:
    """A rollback for this issue whose traffic was verified so many seconds after the first bad sign."""
    severity = MVP_011.severity_of(issue)
    asked = story.request(issue=issue)
    decided = story.plan(issue=issue, severity=severity, rto_s=MVP_011.rto_s(severity, issue))
    steps = [
        *story.opening(asked, decided, 2.3, 2.9),
        (seconds - 1, Happened.SWITCHED, {"receipt": story.receipt()}),
        story.looked(seconds, "blue", story.AFTER, ok=True),
        (
            seconds + 1,
            Happened.COMPARED,
            {"findings": [], "better": better, "why": "" if better else "as slow"},
        ),
    ]
    return gather(story.incident(asked, decided, Outcome.ROLLED_BACK, 2.3), story.entries(steps), MVP_011)


@pytest.mark.parametrize(("issue", "promise"), CLASSES.items())
def test_each_class_has_its_objective(issue: str, promise: tuple[Severity, int]) -> None:
    severity, rto_s = promise
    assert MVP_011.severity_of(issue) is severity
    assert MVP_011.rto_s(severity, issue) == rto_s


@pytest.mark.parametrize(("issue", "promise"), CLASSES.items())
@pytest.mark.parametrize(("late", "said"), [(-1, "met"), (1, "**MISSED**")])
def test_the_report_says_whether_it_was_met(
    issue: str, promise: tuple[Severity, int], late: int, said: str
) -> None:
    text = render(ended(issue, promise[1] + late), "flappyjournal")
    [row] = [line for line in text.splitlines() if line.startswith("| RTO |")]
    assert f"| {said} |" in row
    assert f"{promise[0]} severity, {issue}" in row


def test_users_who_are_no_better_off_were_not_brought_back_in_time() -> None:
    facts = ended("performance-degradation", 30, better=False)
    assert facts.times.verified is None
    [row] = [kept for kept in facts.promises if kept.name == "RTO"]
    assert (row.took_s, row.met) == (None, None)
