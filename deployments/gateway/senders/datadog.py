"""Datadog's webhook integration, with the payload that docs/alerts.md gives; it has no signature of its own."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from deployments.gateway.moments import credible, from_epoch
from deployments.gateway.senders.contract import BadAlert, Call, Payload, Sender, shaped
from domain.alert import Alert, Status

RESOLVED = ("recovered", "warn recovered", "ok", "no data recovered")
NO_DATA = ("no data", "re-no data")
"""No data is never bad: Datadog does not know."""

MILLISECONDS = 1e11
"""A time with more seconds than this is in milliseconds: it is past the year 5000 otherwise."""


class Posted(Payload):
    """The payload; Datadog fills in its variables as text."""

    alert_id: str = Field(min_length=1)
    alert_cycle: str = ""
    transition: str
    title: str
    message: str = ""
    scope: str = ""
    tags: str = ""
    date: str | float
    link: str = ""


class Datadog(Sender):
    """A webhook of Datadog's Webhooks integration, called as `@webhook-NAME` in a monitor."""

    kind: Literal["datadog"] = "datadog"

    def read(self, call: Call) -> list[Alert]:
        """The alert of one monitor; none where it has no data. Raises BadAlert."""
        found = shaped(Posted, call.json())
        transition = found.transition.strip().lower()
        if transition in NO_DATA:
            return []
        return [
            self.alert(
                fingerprint=":".join(filter(None, (found.alert_id, found.scope))),
                episode=found.alert_cycle,
                status=Status.RESOLVED if transition in RESOLVED else Status.FIRING,
                name=found.title or found.alert_id,
                summary=found.message or found.title,
                labels=_labels(found.tags) | _labels(found.scope),
                started_at=_moment(found.date, call.at),
                link=found.link,
            )
        ]


def _labels(text: str) -> dict[str, Any]:
    """`application:shop/production,env:prod` as labels; a tag without a value is left out."""
    pairs = (part.strip().partition(":") for part in text.split(","))
    return {name: value for name, _colon, value in pairs if name and value}


def _moment(date: str | float, now: datetime) -> datetime:
    """Datadog's `$DATE`; the start of this minute where that cannot be. Raises BadAlert."""
    try:
        number = float(date)
    except ValueError:
        number = float("nan")
    stamp = from_epoch(str(number / 1000 if number > MILLISECONDS else number))
    if stamp is None:
        raise BadAlert("date: is no time in milliseconds since 1970")
    return stamp if credible(now, stamp) else now.replace(second=0, microsecond=0)
