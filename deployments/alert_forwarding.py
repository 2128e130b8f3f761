"""From the spool to Prefect: an alert that was taken in leaves the spool only once Prefect has its event."""

import threading
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

from prefect.logging import get_logger

from blocks.installation import Installation, installation
from blocks.spool import Spool
from blocks.store import alerts
from blocks.store.alerts import Kept
from deployments import measures
from deployments.alert_decision import Decided, Decisions, decide, note
from deployments.alert_spool import spool_of
from deployments.alerts_aside import Refused, instead, set_aside, set_file_aside, show
from deployments.event_refusal import emit
from deployments.prefect_api import PrefectApi
from deployments.storms import STARTS
from domain.alert import Received
from domain.errors import BackoutError
from domain.reaction import Result

LOOK_S = 0.02
"""Seconds between two looks at the spool: a folder that is empty nearly always."""

AWAY_S = 1.0
TEND_S = 1.0
AT_ONCE = 50
"""Files, and events, in one go."""

DEFECT_S = 60.0
"""Seconds after which a file that met a defect of ours is tried again: nothing that was promised is thrown away."""

AHEAD_S = 5.0
"""Seconds that Prefect is told later, at most, of starts whose acts go ahead of it."""

UNREAD_S = 60.0
"""Seconds after which a run that an event should have started, and that never began, is asked for again."""


def forward_alerts(stop: threading.Event) -> None:
    """Hand alerts on until told to stop."""
    with installation() as here:
        forwarder = Forwarder(here, spool_of(here.home))
        pause = 0.0
        while not stop.wait(pause):
            pause = forwarder.step()


class Forwarder:
    """Hands on what waits, in the order in which it came."""

    def __init__(self, here: Installation, spool: Spool[Received]) -> None:
        self.here = here
        self.spool = spool
        self._api: PrefectApi | None = None
        self._tend_at = 0.0
        self._said = ""
        self._later: dict[Path, float] = {}
        self._ahead: dict[Path, float] = {}

    def step(self) -> float:
        """One round; seconds to wait before the next. While Prefect or the store is away, all waits."""
        try:
            files = self.spool.files()
            measures.SPOOL.set(len(files))
            if due := [file for file in files if self._is_due(file)]:
                self._try(due[:AT_ONCE])
            if time.monotonic() >= self._tend_at:
                self._tend_at = time.monotonic() + TEND_S
                self._tend()
        except (BackoutError, OSError) as error:
            self._forget_api()
            self._say(error.what() if isinstance(error, BackoutError) else str(error))
            return AWAY_S
        self._say("")
        return LOOK_S

    def _is_due(self, file: Path) -> bool:
        """Not while it met a defect a moment ago, nor while its starts go ahead: Prefect is busy for seconds once it knows."""
        now = time.monotonic()
        goes_ahead = self._ahead.get(file, 0.0) > now and not STARTS.is_over()
        return self._later.get(file, 0.0) <= now and not goes_ahead

    def _try(self, files: list[Path]) -> None:
        """Together; where that meets a defect, each by itself: one file keeps no other waiting."""
        try:
            self._hand_on(files)
        except (BackoutError, OSError):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the alerts behind it must not wait for a new release
            for file in files:
                self._try_alone(file)

    def _try_alone(self, file: Path) -> None:
        """It waits where it cannot be handed on, and `backout_alerts_waiting` shows it."""
        try:
            self._hand_on([file])
        except (BackoutError, OSError):
            raise
        except Exception:  # noqa: BLE001 - it is told, and tried again
            self._later[file] = time.monotonic() + DEFECT_S
            get_logger("backout.alerts").exception(
                "%s could not be handed on; it is tried again in %.0f s", file, DEFECT_S
            )

    def _hand_on(self, files: list[Path]) -> None:
        read = [(file, self._rows(file)) for file in files]
        rows = [row for _, found in read for row in found]
        decided = decide(self.here, rows)
        if STARTS.told([one.event for one in decided if one.event]):
            self._ahead = {file: time.monotonic() + AHEAD_S for file in files} | self._ahead
            return
        refused = self._tell(rows, decided)
        for file, _ in read:
            self.spool.done(file)
            self._later.pop(file, None)
            self._ahead.pop(file, None)
        for row, one in zip(rows, decided, strict=True):
            result = Result.ASIDE if one.id in refused else one.result
            measures.ALERTS.labels(row.alert.sender, result).inc()

    def _rows(self, file: Path) -> list[Received]:
        """What the file holds; one that a defect spoiled must not keep the others waiting."""
        try:
            return self.spool.read(file)
        except ValueError as error:
            set_file_aside(self.spool, file, error)
            return []

    def _tell(self, rows: Sequence[Received], decided: Sequence[Decided]) -> Collection[UUID]:
        """Give Prefect the events; the alerts whose events it refuses for good are set aside, and named.

        What would have been noted in the incident of such a one is decided on again: it may start a run itself.
        """
        first = refused = self._emit(decided)
        while refused:
            gone = [
                Refused(row, refused[one.id], one.result is Result.STARTED)
                for row, one in zip(rows, decided, strict=True)
                if one.id in refused
            ]
            set_aside(self.here, self.spool, gone)
            rows = instead(self.here, gone)
            decided = decide(self.here, rows)
            refused = self._emit(decided)
        return first.keys()

    def _emit(self, decided: Iterable[Decided]) -> dict[UUID, str]:
        """Prefect takes an event of an id only once, so one that is sent twice does no harm. What it refuses, and why."""
        found = [one for one in decided if one.event is not None]
        refused: dict[UUID, str] = {}
        for start in range(0, len(found), AT_ONCE):
            part = found[start : start + AT_ONCE]
            why = emit(self._prefect(), [one.event for one in part if one.event])
            refused |= {one.id: why[one.event["id"]] for one in part if one.event and one.event["id"] in why}
            self._mark([one.id for one in part if one.result is not Result.UNKNOWN and one.id not in refused])
        return refused

    def _mark(self, events: list[UUID]) -> None:
        if events:
            with self.here.store.database.transaction() as connection:
                alerts.sent(connection, events)

    def _tend(self) -> None:
        """Note alerts in the incident that has opened meanwhile, and ask again for runs that never began."""
        show(self.spool)
        with self.here.store.database.transaction() as connection:
            loose = alerts.loose(connection)
            unread = alerts.unread(connection, UNREAD_S)
        for application in dict.fromkeys(kept.application for kept in loose):
            self._attach(application, [kept for kept in loose if kept.application == application])
        if unread:
            self._ask_again(unread)

    def _attach(self, application: str, loose: list[Kept]) -> None:
        with self.here.store.database.transaction() as connection:
            incident = alerts.incident_since(connection, application, min(kept.taken_at for kept in loose))
            if incident is None:
                return
            alerts.belong_to(connection, [kept.id for kept in loose], incident)
            if others := [kept.received for kept in loose if kept.result is not Result.STARTED]:
                note(self.here, incident, others)

    def _ask_again(self, unread: list[Kept]) -> None:
        """Prefect keeps events and their actions in memory until they are done: one may be lost where it is killed.

        As another event: one that its automations saw is ignored for half an hour. A second run ends at its start.
        """
        decisions = Decisions(self.here)
        for kept in unread:
            event = decisions.event_of(kept)
            if event is None:
                continue
            get_logger("backout.alerts").warning(
                "%s: no run began %.0f s after its alert; it is sent again", kept.application, UNREAD_S
            )
            self._tell([kept.received], [Decided(kept.result, kept.id, {**event, "id": str(uuid4())})])

    def _prefect(self) -> PrefectApi:
        if self._api is None:
            self._api = PrefectApi.find(self.here.home)
        return self._api

    def _forget_api(self) -> None:
        if self._api is not None:
            self._api.close()
        self._api = None

    def _say(self, what: str) -> None:
        """Once a change, not at every look."""
        if what and what != self._said:
            get_logger("backout.alerts").warning("alerts wait: %s", what)
        self._said = what
