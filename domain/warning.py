"""What people are told of a trigger that starts nothing."""

from __future__ import annotations

from domain.message import NO_INCIDENT, Message, Moment
from domain.report.markdown import escape
from domain.severity import Severity
from domain.triggers.rule import Level, Trigger

LOUD = {Level.WARNING: Severity.MEDIUM, Level.CRITICAL: Severity.CRITICAL}
"""Which channels are told: those that take this severity."""

TOLD_AS = {Level.WARNING: Moment.WATCHED, Level.CRITICAL: Moment.ESCALATED}
MARKS = {Level.WARNING: "⚠️ WARNING", Level.CRITICAL: "🚨 CRITICAL"}


def warning(application: str, trigger: Trigger, said: str, detection: str) -> Message:
    """The message. `said`: what was seen; `detection`: where its samples are kept. Raises KeyError for `roll back`."""
    lines = [
        f"**{application}**: {escape(said)}",
        "",
        f"- **Rule**: {escape(trigger.words)}" + (f" ({escape(trigger.source)})" if trigger.source else ""),
        "- **Status**: nothing was started; this only tells you",
        f"- **Look**: `backout status {application}`",
        f'- **Take it back**: `backout rollback {application} --reason "..."`',
    ]
    return Message(
        incident=NO_INCIDENT,
        application=application,
        moment=TOLD_AS[trigger.level],
        severity=LOUD[trigger.level],
        title=f"{MARKS[trigger.level]}: {application}: {trigger.name}",
        text="\n".join(lines),
        once=f"{application}:{trigger.name}:{detection}",
    )
