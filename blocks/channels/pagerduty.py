"""`pagerduty`: an alert of PagerDuty's Events API v2: triggered, acknowledged, resolved."""

import shlex
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from blocks.channels.contract import PHONE, Channel
from blocks.json_service import JsonService
from blocks.reachable import reach
from blocks.safe_address import SafeAddress, site
from domain.bearing import over
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError
from domain.message import NO_INCIDENT, Message, Moment
from domain.outcomes import Outcome
from domain.report.plain import plain
from domain.severity import Severity

EVENTS = "https://events.pagerduty.com"
LONGEST_SUMMARY = 1024
LONGEST_TEXT = 100_000
"""Letters; PagerDuty takes a summary of 1,024, and 512 KB in all."""

LONGEST_KEY = 240
"""Letters; PagerDuty takes 255, and `HELP` follows."""

HELP = "-help"
"""An alert that was acknowledged calls nobody again: what needs people is one of its own."""

SEEN_TO = Outcome.REJECTED
"""A person looked, and said no."""

AFTERWARDS = (Moment.WATCHED, Moment.FOLLOW_UP)
"""What is said when the incident is over."""

SEVERITIES: Mapping[Severity, str] = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}


class PagerDuty(Channel):
    """One alert an incident, whose key is the incident's id. What needs people at once is a second one, `ID-help`.

    Triggered by the first message; acknowledged when somebody consented, or the run acts; resolved at a good end.
    """

    usual: ClassVar = PHONE
    kind: Literal["pagerduty"] = "pagerduty"
    routing_key: SecretStr = Field(
        description="Integration key of the service; a reference, `${PAGERDUTY_KEY}`."
    )
    base_url: SafeAddress = Field(default=EVENTS, description="PagerDuty's Events API.")

    def send(self, message: Message, thread: str | None) -> str | None:
        """Trigger, acknowledge or resolve. Each event can be sent again: PagerDuty knows it by its key."""
        key = self.routing_key.get_secret_value()
        with JsonService(self.name, "PagerDuty", self.base_url, {}, (key,)) as service:
            for event in events(message, first=thread is None):
                service.ask("POST", "/v2/enqueue", {"routing_key": key, **event})
        return dedup_key(message)

    def examine(self) -> list[Checkup]:
        """Whether PagerDuty can be reached. Whether it takes the key is only seen with an event."""
        where = site(self.base_url)
        try:
            reach(where)
        except BackoutError as error:
            look = Remedy(command=f"curl -sS -m 5 -o /dev/null {shlex.quote(where)}")
            return [wrong("reachable", self.name, error.what(), look)]
        return [
            well(
                "reachable",
                self.name,
                "PagerDuty answers; whether it takes the key is only seen with an event",
            )
        ]


def dedup_key(message: Message) -> str:
    """The alert's key: the incident. What has none is one alert each thing that is said of the application.

    An alert that was acknowledged would swallow another limit that is crossed.
    """
    if message.incident != NO_INCIDENT:
        return message.incident
    return f"{message.application}:{message.title}"[:LONGEST_KEY]


def events(message: Message, *, first: bool) -> list[dict[str, Any]]:
    """What PagerDuty is told: the alert's state, with what the message says where it is triggered."""
    key = dedup_key(message)
    if message.moment is Moment.ESCALATED:
        return [_triggered(message, key + HELP)]
    if message.moment in AFTERWARDS and message.incident != NO_INCIDENT:
        return []  # the alert is resolved; what the watch found was a call for help, and a follow-up wakes nobody
    if message.moment is Moment.ENDED and message.outcome is not None and over(message.outcome):
        return [_only("resolve", key), _only("resolve", key + HELP)]
    if first:
        return [_triggered(message, key)]
    if message.acting or message.outcome is SEEN_TO:
        return [_only("acknowledge", key)]
    return [_triggered(message, key)]


def _only(action: str, key: str) -> dict[str, Any]:
    return {"event_action": action, "dedup_key": key}


def _triggered(message: Message, key: str) -> dict[str, Any]:
    payload = {
        "summary": message.title[:LONGEST_SUMMARY],
        "source": message.application,
        "severity": SEVERITIES[message.severity],
        "component": message.application.partition("/")[0],
        "group": message.application.partition("/")[2],
        "class": "rollback",
        "custom_details": {
            "incident": message.incident,
            "severity": message.severity,
            **message.facts,
            "message": plain(message.text)[:LONGEST_TEXT],
            **({"journal": message.head} if message.head else {}),
        },
    }
    return {"event_action": "trigger", "dedup_key": key, "client": "Backout", "payload": payload}
