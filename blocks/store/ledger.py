"""The ledger in PostgreSQL."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Json

from blocks.ledger import Begun, Hold, Holder, Ledger
from blocks.store import ahead, alerts, fence, fingerprints, incidents, journal, lock, outbox, releases
from blocks.store.database import Database
from domain.basis import Basis, Detection
from domain.consent import Approval
from domain.findings import Finding
from domain.incident import Incident
from domain.journal import Entry
from domain.message import Message
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.release import Release
from domain.request import Request


class Store(Ledger):
    """The ledger, at one database URL. `key` seals the journal; it is kept on the host, not in the database."""

    def __init__(self, url: str, key: bytes) -> None:
        self.database = Database(url)
        self.key = key

    def rest(self) -> None:
        self.database.close()

    def begin(self, request: Request, run: str) -> Begun:
        with self.database.transaction() as connection:
            return incidents.begin(connection, request, run, self.key)

    def check_key(self, name: str, key: bytes) -> None:
        """Raise ConfigurationError where the store was begun with another key of this name."""
        with self.database.transaction() as connection:
            fingerprints.check(connection, name, key)

    def preempt(self, application: str, run: str, mirrored: str | None = None) -> fence.Preempted:
        """Take the application from whoever has it, for a run beside the store; see `blocks.store.fence`."""
        with self.database.transaction() as connection:
            return fence.preempt(connection, application, run, mirrored, self.key)

    def occupy(self, incident: Incident, run: str) -> None:
        """Give the application to an incident that is worked on beside the store; it is adopted where it is new."""
        with self.database.transaction() as connection:
            fence.occupy(connection, incident, run, self.key)

    def holder(self, application: str) -> Holder | None:
        """Who has the application; None where it is free."""
        with self.database.transaction() as connection:
            return lock.holder(connection, application)

    def incident_of(self, run: str) -> str | None:
        """The incident that a run began or joined; None where it did neither."""
        with self.database.transaction() as connection:
            return incidents.of_run(connection, run)

    def runs_of(self, incident: str) -> list[str]:
        """The runs that worked on an incident."""
        with self.database.transaction() as connection:
            return incidents.runs_of(connection, incident)

    def check(self, hold: Hold) -> None:
        with self.database.transaction() as connection:
            lock.check(connection, hold)

    def renew(self, hold: Hold) -> None:
        with self.database.transaction() as connection:
            lock.extend(connection, hold)

    def wait(self, hold: Hold, until: datetime) -> None:
        with self.database.transaction() as connection:
            lock.wait(connection, hold, until)

    def keep_plan(self, hold: Hold, plan: Plan) -> Plan:
        with self.database.transaction() as connection:
            lock.check(connection, hold)
            return incidents.keep_plan(connection, hold.incident, plan)

    def close(self, hold: Hold, outcome: Outcome) -> None:
        with self.database.transaction() as connection:
            incidents.end(connection, hold, outcome, self.key)

    def incident(self, incident: str) -> Incident:
        with self.database.transaction() as connection:
            return incidents.one(connection, incident)

    def incidents(self, application: str | None = None, since: datetime | None = None) -> list[Incident]:
        with self.database.transaction() as connection:
            return incidents.some(connection, application, since)

    def adopt(self, incident: Incident) -> None:
        """Keep an incident that was opened while the store was away."""
        with self.database.transaction() as connection:
            incidents.insert(connection, incident)

    def finish(self, incident: Incident) -> None:
        """End an incident as it ended while the store was away; its plan, words and report come along."""
        with self.database.transaction() as connection:
            incidents.finish(connection, incident, self.key)

    def tell(self, incident: str, told: dict[str, str]) -> Incident:
        with self.database.transaction() as connection:
            incidents.tell(connection, incident, told)
            journal.append(connection, incident, "told", dict(told), self.key)
            return incidents.one(connection, incident)

    def reported(self, incident: str, path: str) -> None:
        with self.database.transaction() as connection:
            incidents.reported(connection, incident, path)

    def append(self, incident: str, kind: str, data: dict[str, Any]) -> Entry:
        with self.database.transaction() as connection:
            return journal.append(connection, incident, kind, data, self.key)

    def entries(self, incident: str) -> list[Entry]:
        with self.database.transaction() as connection:
            return journal.entries(connection, incident)

    def problems(self, incident: str) -> list[str]:
        """What is wrong with the incident's journal; empty where it can be believed."""
        with self.database.transaction() as connection:
            return journal.problems_of(connection, incident, self.key)

    def record(self, release: Release) -> None:
        with self.database.transaction() as connection:
            releases.record(connection, release)

    def releases(self, application: str) -> list[Release]:
        with self.database.transaction() as connection:
            return releases.of(connection, application)

    def served(self, application: str, version: str, at: datetime) -> None:
        with self.database.transaction() as connection:
            releases.served(connection, application, version, at)

    def good(self, application: str, version: str, since: datetime, until: datetime, by: str) -> None:
        with self.database.transaction() as connection:
            releases.good(connection, application, version, since, until, by)

    def quarantine(self, application: str, version: str, incident: str | None) -> None:
        with self.database.transaction() as connection:
            releases.quarantine(connection, application, version, incident)

    def answer(self, approval: Approval) -> None:
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO approvals (incident, body) VALUES (%s, %s)",
                [approval.incident, Json(approval.model_dump(mode="json"))],
            )

    def approvals(self, incident: str) -> list[Approval]:
        with self.database.transaction() as connection:
            rows = connection.execute(
                "SELECT body FROM approvals WHERE incident = %s ORDER BY id", [incident]
            )
            found = [Approval.model_validate(row["body"]) for row in rows]
        # What is signed says of which incident it is: a row that was copied to another one is no answer there.
        return [approval for approval in found if approval.incident == incident]

    def post(self, message: Message, channels: Sequence[str]) -> None:
        with self.database.transaction() as connection:
            outbox.post(connection, message, channels)

    def detect(self, application: str, findings: Sequence[Finding], basis: Basis | None = None) -> str:
        """Keep the findings that start a run, and what else that rests on; their id goes into the request."""
        detection = secrets.token_hex(8)
        body = Json(Detection(findings=list(findings), basis=basis).model_dump(mode="json"))
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO detections (id, application, findings) VALUES (%s, %s, %s)",
                [detection, application, body],
            )
        return detection

    def alert_read(self, detection: str, run: str) -> str:
        """A run that an alert started begins; the run that was first: an alert has one run, though its event came twice.

        What went ahead of it is its own then.
        """
        with self.database.transaction() as connection:
            first = alerts.read_by(connection, detection, run) or run
            if first == run:
                ahead.take_up(connection, detection, run)
            return first

    def may_go_ahead(self, detection: str, application: str) -> bool:
        """Whether a run is to start for this detection and has not begun, and nobody works on the application."""
        with self.database.transaction() as connection:
            holder = lock.holder(connection, application)
            return (holder is None or not holder.alive) and ahead.may_begin(connection, detection)

    def goes_ahead(self, detection: str) -> bool:
        """Whether acts of this detection's run go on ahead of it."""
        with self.database.transaction() as connection:
            return ahead.acts(connection, detection)

    def lay_down(self, hold: Hold) -> None:
        """Act no more under this hold, and let its run take up what was begun."""
        with self.database.transaction() as connection:
            lock.lay_down(connection, hold)

    def detection(self, detection: str) -> Detection:
        """What is kept under this id; empty where nothing is."""
        with self.database.transaction() as connection:
            row = connection.execute("SELECT findings FROM detections WHERE id = %s", [detection]).fetchone()
            return Detection.model_validate(row["findings"]) if row else Detection()
