"""How an application takes alerts: which are its own, what they mean, and how often they, and triggers, may start a run."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field, ValidationError

from blocks.section import Section
from domain.alert import Alert
from domain.reaction import Limits

DEFAULT_RUNBOOK = "rollback"
ALERT_NAME = "alertname"
"""The label that stands for the alert's own name where the sender gives no such label."""


class AlertRule(Section):
    """Which alerts it is about, and what they mean here."""

    match: dict[str, str] = Field(
        min_length=1,
        description="Label -> its value, `*` for any letters. `alertname` and `sender` can be matched, too.",
    )
    issue: str | None = Field(
        default=None, description="Row of `policy.issues`, where the alert has no label `issue`."
    )
    runbook: str | None = Field(
        default=None,
        description="What is started, by its deployment's name; `rollback` where left out. Never `emergency`: it asks nobody.",
    )

    def fits(self, alert: Alert) -> bool:
        """Whether all labels match."""
        labels = {ALERT_NAME: alert.name, **alert.labels, "sender": alert.sender}
        return all(fnmatchcase(labels.get(name, ""), pattern) for name, pattern in self.match.items())


class AlertSettings(Section):
    """How alerts that come to the gateway are taken for this application."""

    cool_down_s: float = Field(
        default=600.0,
        ge=0,
        description="Seconds after an alert or a trigger started a run in which no other does, but what is critical and asks"
        " nobody: it waits only for a start that was as urgent.",
    )
    per_day: int = Field(
        default=10, ge=0, description="Runs that alerts and triggers together may start in 24 hours."
    )
    rules: list[AlertRule] = Field(
        default_factory=list, description="The first that matches says what an alert means."
    )

    @property
    def limits(self) -> Limits:
        """How often alerts and triggers may start a run."""
        return Limits(self.cool_down_s, self.per_day)

    @property
    def runbooks(self) -> list[str]:
        """What alerts may start, each once."""
        return sorted({DEFAULT_RUNBOOK, *(rule.runbook for rule in self.rules if rule.runbook)})

    def rule(self, alert: Alert) -> AlertRule | None:
        """The first rule that matches."""
        return next((rule for rule in self.rules if rule.fits(alert)), None)

    def runbook(self, alert: Alert) -> str:
        """What the alert may start: by the first rule that matches, else the standard rollback."""
        rule = self.rule(alert)
        return (rule.runbook if rule else None) or DEFAULT_RUNBOOK


def alert_settings_of(raw: Mapping[str, Any]) -> AlertSettings:
    """Those of a raw document. Raises ValueError where they are none."""
    try:
        return AlertSettings.model_validate(raw.get("alerts") or {})
    except ValidationError as error:
        raise ValueError(f"alerts: {error.error_count()} settings cannot be used") from None
