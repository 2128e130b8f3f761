"""PagerDuty's webhooks, version 3: incidents, signed; while a secret is changed, with both."""

from typing import Literal

from pydantic import AwareDatetime, Field, SecretStr

from deployments.gateway.senders.contract import (
    Call,
    Payload,
    Secret,
    Sender,
    Unauthenticated,
    fresh,
    hex_hmac,
    same,
    shaped,
)
from domain.alert import Alert, Status

SIGNATURE = "x-pagerduty-signature"
VERSION = "v1="
MOST_SIGNATURES = 10
REOPENED = "incident.reopened"
STATUSES = {
    "incident.triggered": Status.FIRING,
    REOPENED: Status.FIRING,
    "incident.escalated": Status.FIRING,
    "incident.resolved": Status.RESOLVED,
}
"""What an event says of its incident; the others (acknowledged, annotated, a ping ...) say nothing that we act on."""


class Reference(Payload):
    """A thing of PagerDuty's."""

    summary: str = ""


class Incident(Payload):
    """What it is about."""

    id: str = Field(min_length=1)
    title: str = ""
    html_url: str = ""
    created_at: AwareDatetime
    service: Reference = Field(default_factory=Reference)


class Event(Payload):
    """One event."""

    event_type: str
    occurred_at: AwareDatetime
    data: dict[str, object]


class Message(Payload):
    """What one request holds."""

    event: Event


class PagerDuty(Sender):
    """A webhook subscription.

    Attributes:
        signing_secret: of the subscription.
    """

    kind: Literal["pagerduty"] = "pagerduty"
    signing_secret: Secret | None = None

    @property
    def own_secret(self) -> SecretStr | None:
        """See `Sender`."""
        return self.signing_secret

    def verify(self, call: Call, secret: SecretStr) -> None:
        """One of its signatures, which sign no time of sending: while a secret is changed there are two."""
        expected = VERSION + hex_hmac(secret, call.body)
        given = call.headers.get(SIGNATURE, "").split(",")[:MOST_SIGNATURES]
        if not any(same(one.strip(), expected) for one in given):
            raise Unauthenticated(self.name, f"no valid {SIGNATURE} header")

    def read(self, call: Call) -> list[Alert]:
        """The alert of one incident; none of other events. Raises BadAlert."""
        event = shaped(Message, call.json()).event
        status = STATUSES.get(event.event_type)
        if status is None:
            return []
        if status is Status.FIRING:
            fresh(call, "event.occurred_at", event.occurred_at)
        incident = shaped(Incident, event.data)
        # Opened again it is another trouble, and has another end: as the first ones they would be known, and do nothing.
        anew = event.event_type == REOPENED or status is Status.RESOLVED
        return [
            self.alert(
                fingerprint=incident.id,
                status=status,
                name=incident.title or incident.id,
                summary=incident.title,
                labels={"service": incident.service.summary, "event_type": event.event_type},
                started_at=event.occurred_at if anew else incident.created_at,
                link=incident.html_url,
                ends_all=status is Status.RESOLVED,
            )
        ]
