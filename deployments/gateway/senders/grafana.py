"""Grafana's webhook contact point; with an HMAC secret its signature is checked."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, model_validator

from deployments.gateway.moments import from_epoch, recent
from deployments.gateway.senders.alertmanager import fingerprint, summary
from deployments.gateway.senders.contract import (
    Call,
    Payload,
    Secret,
    Sender,
    Unauthenticated,
    hex_hmac,
    same,
    shaped,
)
from domain.alert import Alert, Status

SIGNATURE = "x-grafana-alerting-signature"
NO_DATA = ("DatasourceNoData", "DatasourceError")
"""What Grafana calls a rule that could not look, with the labels of that rule: no data is never bad."""


class Reported(Payload):
    """One alert of the group."""

    status: Status
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Annotated[AwareDatetime, Field(alias="startsAt")]
    fingerprint: str = ""
    rule: Annotated[str, Field(alias="generatorURL")] = ""
    panel: Annotated[str, Field(alias="panelURL")] = ""
    dashboard: Annotated[str, Field(alias="dashboardURL")] = ""


class Group(Payload):
    """What one request holds."""

    alerts: list[Reported]


class Grafana(Sender):
    """A contact point of type Webhook.

    Attributes:
        hmac_secret: the secret of its HMAC signature.
        timestamp_header: the header that holds the signed time, where one is set there.
    """

    kind: Literal["grafana"] = "grafana"
    hmac_secret: Secret | None = None
    timestamp_header: str | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.timestamp_header and self.hmac_secret is None:
            raise ValueError("timestamp_header is for hmac_secret only")
        return self

    @property
    def own_secret(self) -> SecretStr | None:
        """See `Sender`."""
        return self.hmac_secret

    def verify(self, call: Call, secret: SecretStr) -> None:
        """Its signature, over the time too where the header of that is named."""
        signed = call.body
        if self.timestamp_header:
            stamp = call.headers.get(self.timestamp_header.lower(), "")
            moment = from_epoch(stamp)
            if moment is None or not recent(call.at, moment):
                raise Unauthenticated(self.name, "its signed time is missing, or not now")
            signed = f"{stamp}:".encode() + call.body
        if not same(call.headers.get(SIGNATURE, ""), hex_hmac(secret, signed)):
            raise Unauthenticated(self.name, f"no valid {SIGNATURE} header")

    def read(self, call: Call) -> list[Alert]:
        """One alert an entry; none of a rule that could not look. Raises BadAlert."""
        found = shaped(Group, call.json()).alerts
        return [self._alert(one) for one in found if one.labels.get("alertname") not in NO_DATA]

    def _alert(self, found: Reported) -> Alert:
        return self.alert(
            fingerprint=found.fingerprint or fingerprint(found.labels),
            status=found.status,
            name=found.labels.get("alertname", ""),
            summary=summary(found.annotations),
            labels=found.labels,
            started_at=found.starts_at,
            link=found.panel or found.dashboard or found.rule,
        )
