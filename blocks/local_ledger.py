"""The ledger in a folder of this host: for `--break-glass`, and as a mirror a normal run leaves behind for it.

One folder an application: `incident.json`, `journal.jsonl`, `releases.json`, `approvals.jsonl`, `told.jsonl` and
`outbox.jsonl`. There is one writer at a time: the host lock sees to it. `backout reconcile` moves them into the store.
"""

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from blocks.home import Home
from blocks.ledger import Begun, Hold, Ledger
from domain.consent import Approval
from domain.errors import LostLock, UnknownIncident
from domain.incident import Incident, new_incident_id
from domain.journal import Entry, following
from domain.message import Message
from domain.names import block_name
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.release import Release
from domain.request import Request

Row = TypeVar("Row", bound=BaseModel)


class LocalLedger(Ledger):
    """One application's record on this host."""

    def __init__(self, home: Home, application: str, key: bytes) -> None:
        self.application = application
        self.folder = home.state / block_name(application)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.key = key

    def begin(self, request: Request, run: str) -> Begun:
        """Go on with the mirrored incident where it has not ended, else open one."""
        open_one = self.current()
        if open_one is not None and open_one.outcome is None:
            self.append(open_one.id, "taken over", {"run": run, "by": request.by, "via": request.via})
            return Begun(open_one, self._hold(open_one), resumed=True)
        self._archive()
        incident = Incident(
            id=new_incident_id(self.application), application=self.application, request=request
        )
        self.mirror(incident)
        self.append(incident.id, "opened", {"request": request.model_dump(mode="json"), "run": run})
        return Begun(incident, self._hold(incident))

    def mirror(self, incident: Incident, releases: Iterable[Release] = ()) -> None:
        """Keep an incident, and what is known of releases, for when the store is away."""
        self._write("incident.json", incident.model_dump_json(indent=1))
        kept = list(releases)
        if kept:
            self._write("releases.json", _lines(kept))

    def current(self) -> Incident | None:
        """The last incident of this host; None where there was none."""
        path = self.folder / "incident.json"
        return Incident.model_validate_json(path.read_text(encoding="utf-8")) if path.exists() else None

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
            self.mirror(incident.model_copy(update={"plan": plan}))
        return incident.plan or plan

    def close(self, hold: Hold, outcome: Outcome) -> None:
        incident = self.incident(hold.incident)
        if incident.outcome is None:
            self.append(incident.id, "closed", {"outcome": outcome})
            self.mirror(incident.model_copy(update={"outcome": outcome, "closed_at": datetime.now(UTC)}))

    def incident(self, incident: str) -> Incident:
        found = self.current()
        if found is None or found.id != incident:
            raise UnknownIncident(incident=incident)
        return found

    def incidents(self, application: str | None = None, since: datetime | None = None) -> list[Incident]:
        found = self.current()
        wanted = found is not None and application in (None, found.application)
        return [found] if found and wanted and (since is None or found.opened_at >= since) else []

    def tell(self, incident: str, told: dict[str, str]) -> Incident:
        found = self.incident(incident)
        updated = found.model_copy(update={"told": {**found.told, **told}})
        self.mirror(updated)
        self.append(incident, "told", dict(told))
        return updated

    def reported(self, incident: str, path: str) -> None:
        self.mirror(self.incident(incident).model_copy(update={"report": path}))

    def append(self, incident: str, kind: str, data: dict[str, Any]) -> Entry:
        entries = self.entries(incident)
        entry = following(entries[-1] if entries else None, incident, kind, data, self.key)
        self._add("journal.jsonl", entry)
        return entry

    def entries(self, incident: str) -> list[Entry]:
        return [entry for entry in self._read("journal.jsonl", Entry) if entry.incident == incident]

    def record(self, release: Release) -> None:
        others = [kept for kept in self.releases(self.application) if kept.version != release.version]
        self._write("releases.json", _lines([release, *others]))

    def releases(self, application: str) -> list[Release]:
        return [kept for kept in self._read("releases.json", Release) if kept.application == application]

    def served(self, application: str, version: str, at: datetime) -> None:
        known = next((kept for kept in self.releases(application) if kept.version == version), None)
        release = known or Release(application=application, version=version, recorded_by="seen")
        if release.served_since is None:
            self.record(release.model_copy(update={"served_since": at}))

    def quarantine(self, application: str, version: str, incident: str | None) -> None:
        changed = [
            kept.model_copy(update={"quarantined_by": incident}) if kept.version == version else kept
            for kept in self.releases(application)
        ]
        self._write("releases.json", _lines(changed))

    def answer(self, approval: Approval) -> None:
        self._add("approvals.jsonl", approval)

    def approvals(self, incident: str) -> list[Approval]:
        return [kept for kept in self._read("approvals.jsonl", Approval) if kept.incident == incident]

    def post(self, message: Message, channels: Sequence[str]) -> None:
        for channel in channels:
            self.append(message.incident, "message waits", {"channel": channel, "title": message.title})

    def forget(self) -> None:
        """Drop what was reconciled."""
        self._archive()

    def _hold(self, incident: Incident) -> Hold:
        return Hold(application=self.application, incident=incident.id, token=0)

    def _archive(self) -> None:
        """Put an ended incident's files aside under its id; nothing is deleted."""
        ended = self.current()
        if ended is None:
            return
        aside = self.folder / "past" / ended.id
        aside.mkdir(parents=True, exist_ok=True)
        for name in ("incident.json", "journal.jsonl", "approvals.jsonl"):
            if (self.folder / name).exists():
                (self.folder / name).replace(aside / name)

    def _write(self, name: str, text: str) -> None:
        partial = self.folder / f"{name}.partial"
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / name)

    def _add(self, name: str, row: BaseModel) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(row.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, name: str, kind: type[Row]) -> list[Row]:
        path = self.folder / name
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").splitlines()
        return [kind.model_validate(json.loads(line)) for line in lines if line]


def _lines(rows: Sequence[BaseModel]) -> str:
    return "".join(row.model_dump_json() + "\n" for row in rows)
