"""Alertmanager's webhook, version 4: a group of alerts with their labels and annotations."""

import hashlib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from deployments.gateway.senders.contract import LONGEST_GROUP, Call, Payload, Sender, shaped
from domain.alert import Alert, Status

SUMMARIES = ("summary", "description", "message")
"""The annotations that say something to people, the best first."""


class Reported(Payload):
    """One alert of the group."""

    status: Status
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Annotated[AwareDatetime, Field(alias="startsAt")]
    link: Annotated[str, Field(alias="generatorURL")] = ""
    fingerprint: str = ""


class Group(Payload):
    """What one request holds."""

    version: Literal["4"]
    alerts: list[Reported]


class Alertmanager(Sender):
    """A receiver of Alertmanager with `webhook_configs`."""

    kind: Literal["alertmanager"] = "alertmanager"
    longest_body: ClassVar[int] = LONGEST_GROUP

    def read(self, call: Call) -> list[Alert]:
        """One alert an entry. Raises BadAlert."""
        return [self._alert(found) for found in shaped(Group, call.json()).alerts]

    def _alert(self, found: Reported) -> Alert:
        return self.alert(
            fingerprint=found.fingerprint or fingerprint(found.labels),
            status=found.status,
            name=found.labels.get("alertname", ""),
            summary=summary(found.annotations),
            labels=found.labels,
            started_at=found.starts_at,
            link=found.annotations.get("dashboard") or found.link,
        )


def summary(annotations: dict[str, str]) -> str:
    """What the rule says to people; empty where it says nothing."""
    return next((annotations[name] for name in SUMMARIES if annotations.get(name)), "")


def fingerprint(labels: dict[str, Any]) -> str:
    """The labels' own: the same labels are the same alert."""
    joined = "\0".join(f"{key}\0{labels[key]}" for key in sorted(labels))
    return hashlib.sha256(joined.encode(errors="replace")).hexdigest()[:16]
