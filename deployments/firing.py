"""What a trigger that fires sets off: an event in Prefect, and for those that start nothing a message to the channels.

One that would start a run is an alert of the watch: what becomes of it is decided with those of the monitoring systems.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from blocks.alert_settings import DEFAULT_RUNBOOK
from blocks.document import Document
from blocks.installation import Installation
from blocks.store import alerts
from deployments import measures
from deployments.alert_decision import Asked, decide_on, event_of
from deployments.events import TRIGGER_FIRED, WHY, resource, shown
from deployments.prefect_api import PrefectApi
from deployments.storms import STARTS
from domain.alert import Alert, Fired, Received, one_line
from domain.findings import Finding
from domain.reaction import Reaction, Result, reaction
from domain.triggers import Level, Trigger, Window
from domain.urgency import urgent_issue
from domain.warning import warning

FIRED = TRIGGER_FIRED
WARNED = "backout.trigger.warning"

SENDER = "backout watch"
"""No sender of alerts can be called so: a space is in it."""


def received(
    document: Document, trigger: Trigger, said: str, episode: uuid.UUID, began: datetime
) -> Received:
    """The trigger as an alert of the watch.

    Its own runbook, else that of the application's rules for alerts, which find the trigger's name as `alertname`, and its issue.

    Args:
        said: what was seen, one line.
        episode: the one time that it fires.
        began: when its first sample was taken.
    """
    name = one_line(trigger.name) or trigger.issue
    alert = Alert(
        sender=SENDER,
        fingerprint=name,
        application=document.name,
        name=name,
        issue=trigger.issue,
        summary=said,
        labels={"application": document.name, "issue": trigger.issue},
        started_at=began,
        episode=str(episode),
    )
    return Received(
        alert=alert,
        application=document.name,
        issue=trigger.issue,
        runbook=trigger.runbook or document.alerts.runbook(alert),
        fired=Fired(trigger=trigger.name, rule=trigger.words),
    )


class Firing:
    """One firing, from the first time that it is offered until it starts a run, or people are told.

    Attributes:
        held: why it starts no run yet, for a person; empty where nothing holds it back.
    """

    def __init__(self, document: Document, trigger: Trigger) -> None:
        self.document = document
        self.trigger = trigger
        self.held = ""
        self._id = uuid.uuid4()
        self._kept: uuid.UUID | None = None
        self._untold: dict[str, Any] | None = None
        self._why = ""

    def send(self, here: Installation, window: Window, samples: list[Finding]) -> None:
        """Tell Prefect what becomes of it, where it was not told. Offered again, it may start what was held back.

        Raises PrefectUnavailable, StoreUnavailable: to be tried again, which sends the same event.
        """
        decides = self.trigger.level is Level.ROLL_BACK
        if self._untold is None:
            self._untold = (self._decided if decides else self._warned)(here, window, samples)
        if self._untold is None:
            return
        # Nothing on disk would remember it: Prefect is told at once, also where it goes ahead.
        STARTS.told([self._untold])
        # It occurs when it is told: Prefect forgets what is said to be long ago.
        with PrefectApi.find(here.home) as api:
            api.emit(self._untold | {"occurred": datetime.now(UTC).isoformat()})
        self._note_told(here)
        self._untold, self.held = None, self._why
        measures.FIRED.inc()

    def _decided(self, here: Installation, window: Window, samples: list[Finding]) -> dict[str, Any] | None:
        """The event of what becomes of it now; none where that is what it was before."""
        row = received(self.document, self.trigger, window.said(), self._id, samples[0].at)
        wanted = reaction(self.document.policy, self.trigger.issue)
        urgent = urgent_issue(self.document.policy, self.trigger.issue)
        asked = Asked(row, wanted, samples, window.basis(), urgent)
        [kept] = decide_on(here, self.document.name, self.document.alerts.limits, [asked])
        if kept is None:
            return None
        starts = kept.result is Result.STARTED
        self._kept = kept.id
        self._why = "" if starts else f"trigger {self.trigger.name} fired: {kept.result}, {WHY[kept.result]}"
        return event_of(kept, wanted, samples)

    def _note_told(self, here: Installation) -> None:
        """Prefect has the event of what was decided."""
        if self._kept is not None:
            with here.store.database.transaction() as connection:
                alerts.sent(connection, [self._kept])

    def _warned(self, here: Installation, window: Window, samples: list[Finding]) -> dict[str, Any]:
        """People are told by the outbox, which sends a message once: a dead channel, or Prefect, delays nothing.

        Severity is the policy's business, and stands in no event.
        """
        name, trigger, said = self.document.name, self.trigger, window.said()
        detection = here.store.detect(name, samples, window.basis())
        told = warning(name, trigger, said, detection)
        here.store.post(told, [channel.name for channel in self.document.channels if channel.hears(told)])
        return {
            "id": str(self._id),
            "event": WARNED,
            "resource": resource(name, Reaction.NOTE, DEFAULT_RUNBOOK),
            "payload": {
                "application": name,
                "issue": trigger.issue,
                "detection": detection,
                "reason": said,
                "trigger": trigger.name,
                "level": trigger.level,
                "rule": trigger.words,
                "samples": shown(samples),
            },
        }
