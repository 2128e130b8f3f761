"""The ledger in a folder of this host: for `--break-glass`, and as a mirror a normal run leaves behind for it.

One folder an application: the incident, its journal, approvals and releases. `mirrored.jsonl` holds what the store's
journal said of traffic. `past` keeps what the store does not know yet, `reconciled` what `backout reconcile` took over.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blocks import json_lines
from blocks.home import Home
from blocks.ledger import Begun, Hold, Ledger
from blocks.local_files import LocalFiles
from blocks.local_folders import APPROVALS, JOURNAL, MIRRORED, PAST, RECONCILED, LocalFolders
from blocks.local_releases import LocalReleases
from domain.consent import Approval
from domain.errors import LostLock, UnknownIncident
from domain.incident import Incident, new_incident_id
from domain.journal import Entry, following, problems
from domain.journal_kinds import Happened
from domain.message import Message
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.release import Release
from domain.request import Request
from domain.takeover import of_traffic, refusal


class LocalLedger(LocalReleases, Ledger):
    """One application's record on this host."""

    def __init__(self, home: Home, application: str, key: bytes, folder: Path | None = None) -> None:
        self.home = home
        self.application = application
        self.folders = LocalFolders(home, application, folder)
        self.folder = self.folders.folder
        self.key = key
        self.waiting: list[tuple[Message, tuple[str, ...]]] = []
        self.files = LocalFiles(self.folder)
        with self.files.disk():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, request: Request, run: str) -> Begun:
        """Go on with the mirrored incident where `domain.takeover` says so, or it is this run's own; else open one."""
        found = self.current()
        if found is not None and found.outcome is None:
            why = self._refusal(found, request, run)
            if not why:
                self.append(found.id, "taken over", {"run": run, "by": request.by, "via": request.via})
                self._take_in_mirrored(found.id)
                return Begun(found, self._hold(found), resumed=True)
            self._end(found, Outcome.SUPERSEDED, why)
        incident = Incident(
            id=new_incident_id(self.application), application=self.application, request=request
        )
        self.mirror(incident)
        self.append(incident.id, "opened", {"request": request.model_dump(mode="json"), "run": run})
        return Begun(incident, self._hold(incident))

    def mirror(self, incident: Incident, releases: Iterable[Release] = ()) -> None:
        """Keep an incident, and what is known of releases, for when the store is away."""
        before = self.current()
        if before is not None and before.id != incident.id:
            self._make_room(before)
        with self.files.disk():
            self.folders.keep(incident, self.folder)
        kept = list(releases)
        if kept:
            self.keep_releases(kept)

    def mirror_store(self, incident: Incident, entries: Iterable[Entry]) -> None:
        """Keep what the store says of an incident, once: the incident where it is not here, and what moved traffic."""
        known = self.current()
        if known is None or known.id != incident.id or incident.outcome is not None:
            self.mirror(incident)
        here = {entry.mac for entry in self._mirrored(incident.id)}
        for entry in entries:
            if of_traffic(entry) and entry.mac not in here:
                self.mirror_entry(entry)

    def mirror_entry(self, entry: Entry) -> None:
        """Keep an entry of the store's journal that a run without the store must know of."""
        with self.files.turn():
            json_lines.add(self.folder / MIRRORED, entry)

    def current(self) -> Incident | None:
        """The last incident of this host; None where there was none."""
        return self.folders.current()

    def unreconciled(self) -> list["LocalLedger"]:
        """What this host has to bring into the store, one incident each, oldest first."""
        past = self.folders.past()
        kept = [LocalLedger(self.home, self.application, self.key, folder) for folder in past]
        return [*kept, *([self] if (self.folder / JOURNAL).exists() and self.current() else [])]

    def check(self, hold: Hold) -> None:
        found = self.current()
        if found is None or found.id != hold.incident or found.outcome is not None:
            raise LostLock(application=hold.application, incident=hold.incident)

    def renew(self, hold: Hold) -> None:
        self.check(hold)

    def wait(self, hold: Hold, until: datetime) -> None:  # noqa: ARG002 - break-glass asks nobody
        self.check(hold)

    def keep_plan(self, hold: Hold, plan: Plan) -> Plan:
        incident = self.incident(hold.incident)
        if incident.plan is None:
            self._update(incident.model_copy(update={"plan": plan}))
        return incident.plan or plan

    def close(self, hold: Hold, outcome: Outcome) -> None:
        incident = self.incident(hold.incident)
        if incident.outcome is None:
            self._end(incident, outcome)

    def incident(self, incident: str) -> Incident:
        """The current one, or one that was put aside since: another run may mirror its own at any time."""
        found = self.folders.incident(incident)
        if found is None:
            raise UnknownIncident(incident=incident)
        return found

    def incidents(self, application: str | None = None, since: datetime | None = None) -> list[Incident]:
        found = self.current()
        wanted = found is not None and application in (None, found.application)
        return [found] if found and wanted and (since is None or found.opened_at >= since) else []

    def tell(self, incident: str, told: dict[str, str]) -> Incident:
        found = self.incident(incident)
        updated = found.model_copy(update={"told": {**found.told, **told}})
        self._update(updated)
        self.append(incident, "told", dict(told))
        return updated

    def reported(self, incident: str, path: str) -> None:
        self._update(self.incident(incident).model_copy(update={"report": path}))

    def append(self, incident: str, kind: str, data: dict[str, Any]) -> Entry:
        with self.files.turn():
            entries = self.entries(incident)
            entry = following(entries[-1] if entries else None, incident, kind, data, self.key)
            json_lines.add(self.folders.of(incident) / JOURNAL, entry)
        return entry

    def entries(self, incident: str) -> list[Entry]:
        kept = LocalFiles(self.folders.of(incident)).read(JOURNAL, Entry)
        return [entry for entry in kept if entry.incident == incident]

    def problems(self, incident: str) -> list[str]:
        """What is wrong with the incident's journal; empty where it can be believed. A cut end does not show here."""
        return problems(self.entries(incident), self.key)

    def answer(self, approval: Approval) -> None:
        with self.files.turn():
            json_lines.add(self.folder / APPROVALS, approval)

    def approvals(self, incident: str) -> list[Approval]:
        return [kept for kept in self.files.read(APPROVALS, Approval) if kept.incident == incident]

    def post(self, message: Message, channels: Sequence[str]) -> None:
        self.waiting.append((message, tuple(channels)))
        for channel in channels:
            self.append(
                message.incident, Happened.MESSAGE_WAITS, {"channel": channel, "title": message.title}
            )

    def forget(self) -> None:
        """Put aside what was reconciled; nothing is deleted."""
        incident = self.current()
        if incident is not None:
            with self.files.disk():
                self.folders.put_aside(incident.id, RECONCILED)

    def _hold(self, incident: Incident) -> Hold:
        return Hold(application=self.application, incident=incident.id, token=0)

    def _refusal(self, found: Incident, request: Request, run: str) -> str:
        entries = self.entries(found.id)
        if any(entry.data.get("run") == run for entry in entries):
            return ""
        return refusal(found, [*entries, *self._mirrored(found.id)], request)

    def _mirrored(self, incident: str) -> list[Entry]:
        return [entry for entry in self.files.read(MIRRORED, Entry) if entry.incident == incident]

    def _end(self, incident: Incident, outcome: Outcome, why: str = "") -> None:
        self.append(incident.id, "closed", {"outcome": outcome, **({"why": why} if why else {})})
        self._update(incident.model_copy(update={"outcome": outcome, "closed_at": datetime.now(UTC)}))

    def _update(self, incident: Incident) -> None:
        """Where the incident is kept now: it must not come back as the current one."""
        with self.files.disk():
            self.folders.keep(incident, self.folders.of(incident.id))

    def _take_in_mirrored(self, incident: str) -> None:
        """What the store's journal says of traffic, once: how far the run came that we go on with."""
        known = {entry.data.get("mirrored") for entry in self.entries(incident)}
        for entry in self._mirrored(incident):
            if entry.mac not in known:
                self.append(incident, entry.kind, {**entry.data, "mirrored": entry.mac})

    def _make_room(self, before: Incident) -> None:
        """What the store does not know yet is put aside for `backout reconcile`; a mere mirror goes."""
        if not (self.folder / JOURNAL).exists():
            with self.files.disk():
                (self.folder / MIRRORED).unlink(missing_ok=True)
            return
        self.close(self._hold(before), Outcome.SUPERSEDED)
        with self.files.disk():
            self.folders.put_aside(before.id, PAST)
