"""Sentry's internal integration: issue alerts and metric alerts, signed with its client secret."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

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

SIGNATURE = "sentry-hook-signature"
RESOURCE = "sentry-hook-resource"
METRIC_ENDS = "resolved"
METRIC_LATEST = timedelta(days=7)
"""A metric alert has only the time when it began, and may become critical days later."""

OURS = ("alertname", "issue")
"""Labels that decide how bad it is. Tags come from whoever sends Sentry events: the key for that is in each web page."""


class Event(Payload):
    """The event that made an issue alert fire."""

    event_id: str
    issue_id: str | int = ""
    title: str = ""
    web_url: str = ""
    datetime: AwareDatetime
    tags: list[list[str | None]] = Field(default_factory=list)


class IssueAlert(Payload):
    """Resource `event_alert`."""

    event: Event
    triggered_rule: str = "issue alert"


class Rule(Payload):
    """The metric alert's rule."""

    id: str | int = ""
    name: str = ""


class MetricIncident(Payload):
    """What a metric alert opened."""

    id: str | int
    title: str = ""
    date_started: AwareDatetime
    alert_rule: Rule = Field(default_factory=Rule)


class MetricAlert(Payload):
    """Resource `metric_alert`."""

    metric_alert: MetricIncident
    description_text: str = ""
    description_title: str = ""
    web_url: str = ""


class Hook(Payload):
    """What all of Sentry's hooks hold."""

    action: str
    data: dict[str, Any]


class Sentry(Sender):
    """An internal integration with "Alert Rule Action".

    Attributes:
        client_secret: the integration's; it signs each request.
    """

    kind: Literal["sentry"] = "sentry"
    client_secret: Secret | None = None

    @property
    def own_secret(self) -> SecretStr | None:
        """See `Sender`."""
        return self.client_secret

    def verify(self, call: Call, secret: SecretStr) -> None:
        """Its signature. It signs no time of sending: a second one is nothing, and what is old is refused."""
        if not same(call.headers.get(SIGNATURE, ""), hex_hmac(secret, call.body)):
            raise Unauthenticated(self.name, f"no valid {SIGNATURE} header")

    def read(self, call: Call) -> list[Alert]:
        """The alert of one hook; none of the hooks that are no alerts. Raises BadAlert."""
        resource = call.headers.get(RESOURCE, "")
        hook = shaped(Hook, call.json())
        if resource == "event_alert":
            issue = shaped(IssueAlert, hook.data)
            fresh(call, "data.event.datetime", issue.event.datetime)
            return [self._of_issue(issue)]
        if resource == "metric_alert":
            metric = shaped(MetricAlert, hook.data)
            if hook.action != METRIC_ENDS:
                fresh(call, "data.metric_alert.date_started", metric.metric_alert.date_started, METRIC_LATEST)
            return [self._of_metric(metric, hook.action)]
        return []

    def _of_issue(self, found: IssueAlert) -> Alert:
        event = found.event
        return self.alert(
            fingerprint=f"issue-{event.issue_id or event.event_id}",
            name=found.triggered_rule,
            summary=event.title,
            labels=self._labels(event.tags),
            started_at=_minute(event.datetime),
            link=event.web_url,
        )

    def _labels(self, tags: list[list[str | None]]) -> Mapping[str, str]:
        """The event's tags; each is a pair. Whose it is they say only where the entry does not."""
        decided = (*OURS, "application") if self.application else OURS
        return {tag[0]: tag[-1] or "" for tag in tags if tag and tag[0] and tag[0] not in decided}

    def _of_metric(self, found: MetricAlert, action: str) -> Alert:
        incident = found.metric_alert
        return self.alert(
            fingerprint=f"metric-{incident.id}",
            status=Status.RESOLVED if action == METRIC_ENDS else Status.FIRING,
            name=incident.alert_rule.name or incident.title or found.description_title or "metric alert",
            summary=found.description_text or found.description_title,
            labels={"action": action},
            started_at=incident.date_started,
            episode=f"{incident.id}-{action}",
            link=found.web_url,
        )


def _minute(moment: datetime) -> datetime:
    """Events of one issue within a minute are one alert."""
    return moment.replace(second=0, microsecond=0)
