"""Prometheus itself, and what speaks like it (vmalert, Mimir, Thanos): the list that goes to an Alertmanager's API v2."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from deployments.gateway.senders.alertmanager import fingerprint, summary
from deployments.gateway.senders.contract import LONGEST_GROUP, BadAlert, Call, Payload, Sender, problems
from domain.alert import Alert, Status


class Posted(Payload):
    """One alert; it is over where its end is past."""

    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Annotated[AwareDatetime | None, Field(alias="startsAt")] = None
    ends_at: Annotated[AwareDatetime | None, Field(alias="endsAt")] = None
    link: Annotated[str, Field(alias="generatorURL")] = ""


POSTED: TypeAdapter[list[Posted]] = TypeAdapter(list[Posted])
NEVER = 1
"""Go's zero time has this year."""


class Prometheus(Sender):
    """`alerting.alertmanagers` of Prometheus, pointed at Backout."""

    kind: Literal["prometheus"] = "prometheus"
    longest_body: ClassVar[int] = LONGEST_GROUP

    def read(self, call: Call) -> list[Alert]:
        """One alert an entry. Raises BadAlert."""
        return [self._alert(found, call) for found in _posted(call.json())]

    def _alert(self, found: Posted, call: Call) -> Alert:
        ended = found.ends_at is not None and found.ends_at.year > NEVER and found.ends_at <= call.at
        return self.alert(
            fingerprint=fingerprint(found.labels),
            status=Status.RESOLVED if ended else Status.FIRING,
            name=found.labels.get("alertname", ""),
            summary=summary(found.annotations),
            labels=found.labels,
            started_at=found.starts_at or call.at,
            link=found.annotations.get("dashboard") or found.link,
        )


def _posted(value: Any) -> list[Posted]:
    try:
        return POSTED.validate_python(value)
    except ValidationError as error:
        raise BadAlert(problems(error)) from None
