"""Whose an alert is: the applications that are applied, and their own rules for alerts."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from blocks.alert_settings import AlertSettings, alert_settings_of
from blocks.home import Home
from blocks.installation import installation
from blocks.store import configurations
from domain.alert import Alert, Received
from domain.errors import StoreUnavailable

FRESH_S = 5.0
"""What was read this short a while ago is not read again."""

ASK_AGAIN_S = 0.5
"""The same for an alert that nothing fits: its application may have been applied just now."""


@dataclass(frozen=True)
class _Read:
    settings: dict[str, AlertSettings]
    at: float


class KnownApplications:
    """The applications' settings for alerts; kept for a moment, so that a storm does not ask the store each time."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._reading = threading.Lock()
        self._read: _Read | None = None

    def received(self, alerts: list[Alert]) -> list[Received]:
        """Each alert with its application; with a problem where there is none. Raises StoreUnavailable before the first look."""
        settings = self._settings(FRESH_S)
        found = [_received(alert, settings) for alert in alerts]
        if all(one.application for one in found):
            return found
        settings = self._settings(ASK_AGAIN_S)
        return [_received(alert, settings) for alert in alerts]

    def _settings(self, fresh_s: float) -> dict[str, AlertSettings]:
        with self._reading:
            if self._read is None or time.monotonic() - self._read.at > fresh_s:
                self._read = _Read(self._load(), time.monotonic())
            return self._read.settings

    def _load(self) -> dict[str, AlertSettings]:
        """As applied; while the store is away, as known."""
        try:
            with installation(self._home) as here:
                applied = configurations.all_of(here.store.database)
        except StoreUnavailable:
            if self._read is None:
                raise
            return self._read.settings
        return {one.application: _settings_of(one.document) for one in applied}


def _settings_of(document: dict[str, Any]) -> AlertSettings:
    """Settings that a newer or older Backout wrote, and that this one cannot read, are as if they were not there."""
    try:
        return alert_settings_of(document)
    except ValueError:
        return AlertSettings()


def _received(alert: Alert, known: dict[str, AlertSettings]) -> Received:
    named = alert.application
    fitting = [named] if named else [name for name, settings in known.items() if settings.rule(alert)]
    if len(fitting) != 1 or fitting[0] not in known:
        return Received(alert=alert, problem=_problem(alert, fitting, known))
    rule = known[fitting[0]].rule(alert)
    return Received(
        alert=alert,
        application=fitting[0],
        issue=alert.issue or (rule.issue if rule else None),
        runbook=known[fitting[0]].runbook(alert),
    )


def _problem(alert: Alert, fitting: list[str], known: dict[str, AlertSettings]) -> str:
    names = ", ".join(sorted(known)) or "none yet"
    if alert.application:
        return f"application {alert.application!r} of alert {alert.name!r} is not known (known: {names})"
    if fitting:
        return f"alert {alert.name!r} fits the rules of several: {', '.join(sorted(fitting))}"
    return f"alert {alert.name!r} has no label `application`, and fits no rule of {names}"
