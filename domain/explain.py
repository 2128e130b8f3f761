"""The runbooks' checklists after a rollback: ticked where what was seen shows it, open where a person still looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.findings import Finding, all_ok, summary
from domain.report.facts import Facts

LOG = "log"
"""The finding that counts error lines: it has an item of its own."""


class Mark(StrEnum):
    """Where a row of a checklist stands."""

    DONE = "done"
    FAILED = "failed"
    OPEN = "open"


class Row(BaseModel):
    """One row. `because`: what ticked it, or what is missing; plain text."""

    model_config = ConfigDict(frozen=True)

    runbook: str
    item: str
    mark: Mark
    because: str


Rule = Callable[[Facts], tuple[Mark, str]]


def checklist(facts: Facts, runbook: str | None = None) -> list[Row]:
    """The rows of one runbook (`flappyjournal`, `mvp-011`, `aldeia`), or of all three where None is named.

    Raises:
        KeyError: the runbook has no checklist here.
    """
    wanted = [runbook] if runbook else list(CHECKLISTS)
    return [_row(facts, name, item, rule(facts)) for name in wanted for item, rule in CHECKLISTS[name]]


def _row(facts: Facts, runbook: str, item: str, result: tuple[Mark, str]) -> Row:
    """What was seen counts; where nothing was, the word of a person."""
    mark, because = result
    if mark is Mark.OPEN and item in facts.ticks:
        mark, because = Mark.DONE, facts.ticks[item]
    return Row(runbook=runbook, item=item, mark=mark, because=because)


def _judged(rows: Iterable[Finding], missing: str) -> tuple[Mark, str]:
    """Done where all are ok, failed where one is bad, open where nothing was seen or something gave no data."""
    seen = list(rows)
    if not seen:
        return Mark.OPEN, missing
    if any(row.bad for row in seen):
        return Mark.FAILED, summary(seen)
    said = "; ".join(f"{row.name} on {row.on}: {row.said}" for row in seen)
    return (Mark.DONE, said) if all_ok(seen) else (Mark.OPEN, summary(seen))


def _words(name: str) -> set[str]:
    """The words of a check's name, without plural: `log-errors` is `log` and `error`, and `login` is not `log`."""
    return {word.rstrip("s") for word in re.split(r"[^a-z0-9]+", name.lower()) if word}


def _named(*names: str) -> Rule:
    """Judged by the checks whose name holds all words of one of `names`; the newest finding of each counts."""

    def rule(facts: Facts) -> tuple[Mark, str]:
        seen = [*facts.verified, *facts.watched, *facts.looked_after]
        newest = {(row.name, row.on): row for row in seen}
        fitting = [row for row in newest.values() if any(_words(name) <= _words(row.name) for name in names)]
        return _judged(fitting, _not_judged(facts, names))

    return rule


def _not_judged(facts: Facts, names: tuple[str, ...]) -> str:
    """Why no finding is there: the check was not repeated, or there is no such check."""
    known = dict.fromkeys(
        row.name for row in facts.checks if any(_words(name) <= _words(row.name) for name in names)
    )
    if known:
        return f"{', '.join(known)} was not looked at after the rollback"
    return f"no check is named {' or '.join(names[:3])}"


def _everything(facts: Facts) -> tuple[Mark, str]:
    """What a follow-up saw is newer than what the rollback was verified with."""
    later = [row for row in facts.looked_after if row.name != LOG]
    return _judged(later or facts.verified, "nothing was verified")


def _moved(facts: Facts) -> tuple[Mark, str]:
    if not facts.switched or facts.plan is None:
        return Mark.OPEN, "traffic was not moved"
    if facts.went_back:
        return Mark.FAILED, "traffic went back to where it was"
    return Mark.DONE, f"traffic moved to {facts.plan.to_slot}"


def _version(facts: Facts) -> tuple[Mark, str]:
    wanted = facts.plan.to_release if facts.plan else None
    seen = {row.version for row in facts.verified if row.version}
    if not seen or wanted is None:
        return Mark.OPEN, "no check reported a version"
    return (
        Mark.DONE if seen == {wanted} else Mark.FAILED
    ), f"answered: {', '.join(sorted(seen))}; expected: {wanted}"


def _watch(facts: Facts) -> tuple[Mark, str]:
    if facts.watch_ok is None:
        return Mark.OPEN, "the watch has not ended"
    return (Mark.DONE, "the watch ended well") if facts.watch_ok else (Mark.FAILED, "the watch ended badly")


def _alerts(facts: Facts) -> tuple[Mark, str]:
    by_name = _named("alert", "target", "monitor")(facts)
    return _watch(facts) if by_name[0] is Mark.OPEN else by_name


def _named_or_watched(*names: str) -> Rule:
    """As `_named`; where no check says it, a watch that ended well does: it counts error lines, memory, processor time.

    One that ended badly leaves the row open: something else may have been the trouble.
    """
    by_name = _named(*names)

    def rule(facts: Facts) -> tuple[Mark, str]:
        found = by_name(facts)
        if found[0] is not Mark.OPEN:
            return found
        mark, because = _watch(facts)
        return (mark if mark is Mark.DONE else Mark.OPEN), because

    return rule


def _documented(_facts: Facts) -> tuple[Mark, str]:
    return Mark.DONE, "this report"


def _notified(facts: Facts) -> tuple[Mark, str]:
    if facts.channels:
        return Mark.DONE, f"told: {', '.join(facts.channels)}"
    return (
        (Mark.FAILED, "no channel took the message")
        if facts.undelivered
        else (Mark.OPEN, "no channel is configured")
    )


def _told(*fields: str) -> Rule:
    """Done where a person filled in one of the fields."""

    def rule(facts: Facts) -> tuple[Mark, str]:
        given = [field for field in fields if facts.told.get(field)]
        words = " or ".join(field.replace("_", " ") for field in given or fields)
        return (Mark.DONE, f"{words}: filled in") if given else (Mark.OPEN, f"{words}: not filled in")

    return rule


_HEALTH = _named("health")
_SMOKE = _named("smoke", "user", "workflow", "journal", "login", "core", "query")
_SPEED = _named("latency", "response", "p95", "performance")

CHECKLISTS: dict[str, list[tuple[str, Rule]]] = {
    "flappyjournal": [
        ("Health checks: all services respond correctly", _HEALTH),
        ("User testing: sample user workflows work", _SMOKE),
        ("Performance: response times within limits", _SPEED),
        ("Monitoring: alerts cleared, metrics stable", _alerts),
    ],
    "mvp-011": [
        ("Health check: healthy", _HEALTH),
        ("Environment switch: the other environment has the traffic", _moved),
        ("Version verification: the version is the one rolled back to", _version),
        ("Core functionality: the core endpoint answers correctly", _SMOKE),
        ("Performance: response times below 3 s", _SPEED),
        ("Error rate: below 1 %", _named("error-rate", "errors")),
        ("Monitoring: all metrics back to normal", _watch),
    ],
    "aldeia": [
        ("All services running and healthy", _everything),
        ("Health checks passing", _HEALTH),
        ("Authentication working", _named("auth", "login", "register")),
        ("Database accessible", _named("database", "postgres", "db", "schema")),
        ("Logs showing no errors", _named_or_watched("log")),
        ("Resource usage normal", _named_or_watched("resource", "cpu", "memory", "disk")),
        ("Smoke tests passed", _SMOKE),
        ("Monitoring alerts cleared", _alerts),
        ("Rollback documented", _documented),
        ("Team notified", _notified),
        ("Root cause analysis scheduled", _told("root_cause", "action_items")),
        ("Fix plan created", _told("resolution", "action_items")),
        ("Lessons learned documented", _told("lessons")),
    ],
}
