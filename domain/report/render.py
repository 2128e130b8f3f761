"""The incident report in Markdown, in the layout of one of the runbooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from domain.explain import Mark, checklist
from domain.findings import Finding
from domain.outcomes import ENDS, Outcome
from domain.policy import Layout
from domain.report.facts import Facts
from domain.report.markdown import Markdown, duration, escape, fill, paragraphs
from domain.request import Kind

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
PICTURE = "timeline.svg"
"""The name of the picture, beside the report."""

_CHECKLISTS = {"flappyjournal": ["flappyjournal", "mvp-011"], "aldeia": ["aldeia"], "jarvis": ["mvp-011"]}
_MARKS = {Mark.DONE: Markdown("[x]"), Mark.FAILED: Markdown("[ ] **FAILED**"), Mark.OPEN: Markdown("[ ]")}
_MET = {True: Markdown("met"), False: Markdown("**MISSED**"), None: Markdown("-")}


def render(facts: Facts, layout: Layout) -> str:
    """The report, with `timeline.svg` expected beside it; a deploy has a layout of its own.

    Raises:
        ValueError: there is no such layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"report layout {layout!r} does not exist (allowed: {', '.join(LAYOUTS)})")
    if facts.request.kind is Kind.DEPLOY:
        return fill(f"{Kind.DEPLOY}.md.j2", **_values(facts, layout) | {"checklist": []})
    return fill(f"{layout}.md.j2", **_values(facts, layout))


def post_mortem(facts: Facts, review: datetime) -> str:
    """The draft for the post-mortem: what is on record is in, the rest is marked. `review`: when the runbook is due."""
    return fill("post_mortem.md.j2", review=f"{review:%Y-%m-%d}", **_values(facts, "aldeia"))


def _values(facts: Facts, layout: Layout) -> dict[str, Any]:
    return {
        "facts": facts,
        "request": facts.request,
        "plan": facts.plan,
        "times": facts.times,
        "end": ENDS[facts.outcome] if facts.outcome else None,
        "picture": PICTURE,
        "told": lambda field: _told(facts, field),
        "line": lambda field: _line(facts, field),
        "tasks": lambda field: _tasks(facts, field),
        "checklist": [row for runbook in _CHECKLISTS[layout] for row in checklist(facts, runbook)],
        "mark": _MARKS.__getitem__,
        "seen": _seen,
        "met": _MET.__getitem__,
        "decision": _decision(facts),
        "users": _users(facts),
        "present": _present(facts),
        "passed": lambda *words: _passed(facts, words),
    }


def _open(field: str) -> Markdown:
    return Markdown(f'**OPEN** (`--set {field}="..."`)')


def _told(facts: Facts, field: str) -> Markdown:
    """What people told, else the mark that nobody has yet."""
    return paragraphs(facts.told[field]) if facts.told.get(field) else _open(field)


def _line(facts: Facts, field: str) -> Markdown:
    """The same on one line, for lists and tables."""
    return escape(facts.told[field]) if facts.told.get(field) else _open(field)


def _tasks(facts: Facts, field: str) -> Markdown:
    """One box a line of what people told; an owner is part of the line."""
    lines = [
        line.strip().removeprefix("- ") for line in facts.told.get(field, "").splitlines() if line.strip()
    ]
    return Markdown("\n".join(f"- [ ] {escape(line)}" for line in lines) or f"- [ ] {_open(field)}")


def _users(facts: Facts) -> Markdown:
    """What people told, else what was expected when the rollback was asked for."""
    expected = facts.request.users
    if facts.told.get("users_affected") or expected is None:
        return _line(facts, "users_affected")
    return Markdown(f"{expected} expected at the start; {_open('users_affected')}")


def _decision(facts: Facts) -> str:
    """What was decided: a plan that stops, and a no, decide against the rollback."""
    if facts.plan is not None and facts.plan.stops_with:
        return f"Decided: {facts.plan.said}"
    if facts.outcome in (Outcome.REJECTED, Outcome.EXPIRED):
        return "Decided against the rollback"
    return "Decision made to rollback"


def _present(facts: Facts) -> str:
    """How long users had the trouble: from the first bad sign to verified traffic."""
    seconds = facts.times.complete_s
    return "not known to have ended" if seconds is None else duration(seconds)


def _seen(finding: Finding | None) -> Markdown:
    """A finding in a table's cell; a dash where it was not looked at."""
    if finding is None:
        return Markdown("-")
    said = escape(finding.said)
    return said if finding.ok else Markdown(f"**{finding.verdict.value.upper()}** {said}")


def _passed(facts: Facts, words: tuple[str, ...]) -> str:
    """`PASS`, `FAIL` or `not checked`: the verified findings whose name begins with one of the words."""
    rows = [row for row in facts.verified if row.name.lower().startswith(words)]
    if not rows:
        return "not checked"
    return "PASS" if all(row.ok for row in rows) else "FAIL"
