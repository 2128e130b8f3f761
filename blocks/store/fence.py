"""How a run that works beside the store keeps others from acting: it takes the application's lock, and keeps it."""

from dataclasses import dataclass, field

from blocks.store import fingerprints, incidents, journal, lock, releases
from blocks.store.database import Connection
from domain.errors import UnknownIncident
from domain.incident import Incident
from domain.journal import Entry
from domain.release import Release

FENCE_S = 600.0
"""Seconds the lock is kept without a sign of life: the run that took it has no connection to renew it by."""


@dataclass(frozen=True)
class Preempted:
    """What the store knew when the lock was taken.

    Attributes:
        incident: the open one that held the application; None where it was free.
        entries: its journal.
        mirrored: the one this host's mirror shows, as the store has it; None where the store does not know it.
        releases: of the application, newest first.
    """

    incident: Incident | None
    mirrored: Incident | None
    entries: list[Entry] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)


def preempt(
    connection: Connection, application: str, run: str, mirrored: str | None, key: bytes
) -> Preempted:
    """Take the application from whoever has it: under the higher token the holder acts no more.

    Raises ConfigurationError where this host's key is not the store's: its entries would break the journal.
    """
    fingerprints.check(connection, "journal", key)
    held = lock.held(connection, application)["incident"]
    token = lock.take(connection, application, held, FENCE_S).token
    of_mirror = _known(connection, mirrored)
    known = releases.of(connection, application)
    if held is None:
        return Preempted(None, of_mirror, releases=known)
    data = {"run": run, "token": token, "via": "break-glass"}
    journal.append(connection, held, "taken over", data, key)
    entries = journal.entries(connection, held)
    return Preempted(incidents.one(connection, held), of_mirror, entries, known)


def occupy(connection: Connection, incident: Incident, run: str, key: bytes) -> None:
    """Give the application to an incident that is worked on beside the store."""
    lock.held(connection, incident.application)
    if _known(connection, incident.id) is None:
        incidents.insert(connection, incident)
    token = lock.take(connection, incident.application, incident.id, FENCE_S).token
    data = {"run": run, "token": token, "via": "break-glass"}
    journal.append(connection, incident.id, "taken over", data, key)


def _known(connection: Connection, incident: str | None) -> Incident | None:
    try:
        return incidents.one(connection, incident) if incident else None
    except UnknownIncident:
        return None
