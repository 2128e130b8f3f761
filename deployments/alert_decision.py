"""What becomes of alerts and of fired triggers, written down before anything is told: asked again, the answer is the same."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from blocks.alert_settings import AlertSettings, alert_settings_of
from blocks.document import policy_of
from blocks.installation import Installation
from blocks.store import ahead, alerts, configurations
from blocks.store.alerts import Kept
from blocks.store.database import Connection
from deployments import events
from domain.alert import Alert, Received, Status
from domain.basis import Basis, OfAlert
from domain.findings import Finding
from domain.journal_kinds import Happened
from domain.reaction import Before, Limits, Reaction, Result, reaction, result
from domain.urgency import urgent_issue

NOTED = {"sender", "name", "status", "summary", "started_at", "link"}
"""What the journal keeps of an alert."""

MOST_NOTED = 20
"""Alerts in one entry of the journal; of a storm the others are counted."""


@dataclass(frozen=True)
class Decided:
    """What is to be told of an alert; no event where it was told before."""

    result: Result
    id: UUID
    event: dict[str, Any] | None = None


@dataclass(frozen=True)
class Asked:
    """What asks for a run: an alert, or a trigger that fired.

    Attributes:
        row: as it is written down.
        wanted: what the policy calls for.
        findings: what the run would be started for.
        basis: what else that rests on; None for an alert: it is what is known here.
        urgent: whether it goes before an incident that waits for people, and waits for no start that was less so.
    """

    row: Received
    wanted: Reaction
    findings: Sequence[Finding]
    basis: Basis | None = None
    urgent: bool = False


def decide(here: Installation, rows: Sequence[Received]) -> list[Decided]:
    """What becomes of alerts that came together, in their order. Raises StoreUnavailable."""
    return Decisions(here).decide(rows)


def decide_on(
    here: Installation, application: str, limits: Limits, asked: Sequence[Asked]
) -> list[Kept | None]:
    """What becomes of what asks for a run of one application, in its order; None where nothing changed since it was told.

    In one transaction, with nobody else at it. Raises StoreUnavailable.
    """
    with here.store.database.transaction() as connection:
        alerts.claim(connection, application)
        one = _Application(here, connection, application, limits)
        kept = [one.keep(each) for each in asked]
        one.note()
    return kept


def event_of(kept: Kept, wanted: Reaction, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """The event of an alert, or of a trigger with its samples; the same, however often it is asked for."""
    if kept.received.fired is None:
        return events.of_alert(kept.received, kept.result, wanted, kept.detection)
    return events.of_trigger(kept.received, kept.result, wanted, kept.detection, findings)


class Decisions:
    """Decides on alerts that came together, by what is applied now. Raises StoreUnavailable."""

    def __init__(self, here: Installation) -> None:
        self._here = here
        self._applied = {one.application: one.document for one in configurations.all_of(here.store.database)}
        self._wanted: dict[tuple[str, str | None], Reaction] = {}

    def decide(self, rows: Sequence[Received]) -> list[Decided]:
        """What becomes of each, in their order."""
        decided: dict[int, Decided] = {}
        for application in dict.fromkeys(row.application for row in rows):
            places = [place for place, row in enumerate(rows) if row.application == application]
            own = [rows[place] for place in places]
            if application is None or application not in self._applied:
                found = [_nobodys(row) for row in own]
            else:
                found = self._decide_on(application, own)
            decided.update(zip(places, found, strict=True))
        return [decided[place] for place in range(len(rows))]

    def event_of(self, kept: Kept) -> dict[str, Any] | None:
        """The alert's event; None where its application is not applied any more."""
        if kept.application not in self._applied:
            return None
        fired = kept.received.fired is not None and kept.detection
        samples = self._here.store.detection(fired).findings if fired else ()
        return event_of(kept, self._reaction(kept.received), samples)

    def _decide_on(self, application: str, rows: Sequence[Received]) -> list[Decided]:
        """All of one application at once."""
        ended = _ended([row.alert for row in rows])
        asked = [
            Asked(row, self._wanted_of(row, ended), [row.alert.finding()], urgent=self._urgent(row))
            for row in rows
        ]
        kept = decide_on(self._here, application, _limits(self._applied[application]), asked)
        return [
            Decided(Result.REPEATED, row.alert.event_id)
            if found is None
            else Decided(found.result, found.id, self.event_of(found))
            for row, found in zip(rows, kept, strict=True)
        ]

    def _wanted_of(self, row: Received, ended: Collection[UUID]) -> Reaction:
        """Where Prefect was away meanwhile, what is over by now starts nothing any more."""
        return Reaction.NOTE if row.alert.event_id in ended else self._reaction(row)

    def _urgent(self, row: Received) -> bool:
        """A policy that waits for a secret says nothing of it."""
        with suppress(ValueError):
            return urgent_issue(policy_of(self._applied[row.application or ""]), row.issue)
        return False

    def _reaction(self, row: Received) -> Reaction:
        """A policy that waits for a secret is asked in the run; until then people are."""
        key = (row.application or "", row.issue)
        if key not in self._wanted:
            try:
                self._wanted[key] = reaction(policy_of(self._applied[key[0]]), row.issue)
            except ValueError:
                self._wanted[key] = Reaction.ASK
        return self._wanted[key]


class _Application:
    """What asks for a run of one application, while its transaction lasts."""

    def __init__(self, here: Installation, connection: Connection, application: str, limits: Limits) -> None:
        self._here = here
        self._connection = connection
        self._application = application
        self._limits = limits
        # What is urgent looks at starts that were as urgent; all else at all of them.
        self._before: dict[bool, Before] = {
            urgent: alerts.before(connection, application, urgent=urgent) for urgent in (False, True)
        }
        self._incident = alerts.open_incident(connection, application)
        self._noted: list[Received] = []

    def keep(self, asked: Asked) -> Kept | None:
        """As it is written down now; None where it was, and was told, and nothing changed."""
        row, wanted = asked.row, asked.wanted
        known = alerts.known(self._connection, row.alert.event_id)
        untold = known if known is not None and not known.sent else None
        if untold is not None and (_stands(untold, wanted) or self._went_ahead(untold)):
            return untold
        before = self._before[asked.urgent]
        found = result(row.alert.status, wanted, before, self._limits, urgent=asked.urgent)
        if known is not None and untold is None and not alerts.rises(known, found):
            alerts.seen(self._connection, known.id)
            return None
        if found is Result.STARTED:
            return self._start(asked)
        if self._incident is not None:
            self._noted.append(row)
        return alerts.keep(self._connection, row, found, None, self._incident)

    def _went_ahead(self, untold: Kept) -> bool:
        """Whether it was acted on before Prefect was told: its run must come, though it may be over by now."""
        return untold.detection is not None and ahead.has_begun(self._connection, untold.detection)

    def _start(self, asked: Asked) -> Kept:
        """It belongs to the incident that its run opens, not to one that gives way to it."""
        before, row = self._before[asked.urgent], asked.row.model_copy(update={"urgent": asked.urgent})
        known = {**asdict(before), **asdict(self._limits)}
        basis = asked.basis or OfAlert(issue=row.issue, urgent=asked.urgent, **known)
        detection = self._here.store.detect(self._application, asked.findings, basis)
        self._count_start(urgent=asked.urgent)
        return alerts.keep(self._connection, row, Result.STARTED, detection, None)

    def _count_start(self, *, urgent: bool) -> None:
        """A start counts for the day, and for the pause before what is no more urgent."""
        for which, before in self._before.items():
            seconds = before.seconds if which and not urgent else 0.0
            self._before[which] = replace(before, seconds=seconds, today=before.today + 1)

    def note(self) -> None:
        """Write into the open incident's journal what came."""
        if self._incident is not None and self._noted:
            note(self._here, self._incident, self._noted)


def _stands(untold: Kept, wanted: Reaction) -> bool:
    """Whether what was decided, and never told, is told now: not of what is over by now, nor of what was set aside."""
    over = untold.result is Result.STARTED and wanted is Reaction.NOTE
    return not over and untold.result is not Result.ASIDE


def note(here: Installation, incident: str, rows: Sequence[Received]) -> None:
    """Write alerts into the incident's journal, as one entry: a storm is one line of its report."""
    shown = [row.alert.model_dump(mode="json", include=NOTED) for row in rows[:MOST_NOTED]]
    here.store.append(incident, Happened.ALERTED, {"alerts": shown, "count": len(rows)})


def _ended(told: Sequence[Alert]) -> set[UUID]:
    """Which of the alerts are over, by what their senders say of others of them."""
    ends = [alert for alert in told if alert.status is Status.RESOLVED]
    ids = {end.event_id for end in ends}
    several = [end for end in ends if end.ends_all]
    return {
        alert.event_id
        for alert in told
        if alert.end.event_id in ids or any(end.is_end_of(alert) for end in several)
    }


def _nobodys(row: Received) -> Decided:
    problem = row.problem or f"application {row.application!r} is not known any more"
    told = row.model_copy(update={"application": None, "problem": problem})
    return Decided(Result.UNKNOWN, row.alert.event_id, events.of_unknown(told))


def _limits(raw: dict[str, Any]) -> Limits:
    """Settings that another version of Backout wrote are as if they were not there: they keep no alert waiting."""
    try:
        return alert_settings_of(raw).limits
    except ValueError:
        return AlertSettings().limits
