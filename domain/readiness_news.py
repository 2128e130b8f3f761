"""When people are told that an application can no longer go back, and that it can again: once each, and not at a flutter."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from domain.message import NO_INCIDENT, Message, Moment
from domain.outcomes import named
from domain.readiness import Check, Readiness
from domain.report.markdown import code, escape, prose
from domain.severity import Severity

APART = timedelta(minutes=1)
"""A change is believed when two looks in a row saw it, at least so far apart: late runs start all at once."""


class Record(BaseModel):
    """What is kept of an application between two looks.

    Attributes:
        last: what the last look found.
        told: what people know: ready, or not. Who was told nothing takes it for ready.
        changed: when looks began to say otherwise than people know; None where the last one agreed.
    """

    model_config = ConfigDict(frozen=True)

    last: Readiness
    told: bool = True
    changed: datetime | None = None


def looked(before: Record | None, now: Readiness, apart: timedelta = APART) -> tuple[Record, bool]:
    """The record after a look, and whether people are to be told of it."""
    told = before.told if before else True
    if now.ready is told:
        return Record(last=now, told=told), False
    changed = before.changed if before else None
    if changed is None:
        return Record(last=now, told=told, changed=now.at), False
    if now.at - changed < apart:
        return Record(last=now, told=told, changed=changed), False
    return Record(last=now, told=now.ready), True


def message(now: Readiness) -> Message:
    """What people are told of a change: what stands in the way and what mends it; or that nothing does any more."""
    return Message(
        incident=NO_INCIDENT,
        application=now.application,
        moment=Moment.WATCHED,
        severity=Severity.MEDIUM,  # both alike: who heard that it cannot go back hears that it can again
        title=_title(now),
        text="\n".join(_again(now) if now.ready else _not_ready(now)),
        once=f"{now.application}:{'ready' if now.ready else 'not ready'}:{now.at.isoformat()}",
    )


def _title(now: Readiness) -> str:
    if now.ready:
        return f"✅ {now.application} can go back again"
    return f"⚠️ WARNING: {now.application} cannot go back now"


def _again(now: Readiness) -> list[str]:
    return [
        f"**{now.application}** is ready for a rollback again.",
        "",
        f"- **Back to**: {escape(now.target)}",
        f"- **Takes**: {escape(now.takes)}",
    ]


def _not_ready(now: Readiness) -> list[str]:
    lines = [line for check in now.causes for line in _cause(check, now.application)]
    return [
        f"**{now.application}** could not be rolled back right now. Nothing was started; users need not notice anything.",
        "",
        *lines,
        f"- **Look**: `backout ready {now.application}`",
    ]


def _cause(check: Check, application: str) -> list[str]:
    steps = [f"  - **Do**: {_shown(named(step, application))}" for step in check.next_steps]
    return [f"- **{check.name}**: {escape(check.said)}", *steps]


def _shown(step: str) -> str:
    """A command as one to be pasted; a sentence with commands in it as it is."""
    return prose(step) if "`" in step else code(step)
