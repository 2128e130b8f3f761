"""What people are told of an alert that should have started a run, and could not."""

from __future__ import annotations

from datetime import UTC

from domain.alert import Received
from domain.message import NO_INCIDENT, Message, Moment
from domain.report.markdown import escape
from domain.severity import Severity


def unstarted(received: Received, why: str) -> Message:
    """The message; once an application and hour, however many there are. `received`: one with an application."""
    application, alert = received.application or "", received.alert
    lines = [
        f"**{application}**: {escape(alert.reason)}",
        "",
        "- **Status**: nothing was started: Prefect refuses the alert's event",
        f"- **Why**: {escape(why)}",
        f'- **Start it yourself**: `backout rollback {application} --reason "..."`',
        "- **The alert**: `backout alerts` on the host of `backout serve`",
    ]
    return Message(
        incident=NO_INCIDENT,
        application=application,
        moment=Moment.ESCALATED,
        severity=Severity.HIGH,
        title=f"🆘 HELP NEEDED: {application}: an alert could not start its run",
        text="\n".join(lines),
        once=f"{application}:refused:{received.at.astimezone(UTC):%Y-%m-%dT%H}",
    )
