"""Incidents that somebody must see to: open ones, those that wait for people, those whose report was put off."""

from dataclasses import dataclass
from datetime import datetime

from blocks.store.database import Database


def overdue(database: Database, late_s: float) -> list[str]:
    """The open incidents that still wait for people `late_s` seconds after their deadline."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT locks.incident FROM locks JOIN incidents ON incidents.id = locks.incident
                WHERE locks.phase = 'waiting' AND incidents.outcome IS NULL
                  AND locks.until < now() - make_interval(secs => %s)
                ORDER BY locks.until""",
            [late_s],
        )
        return [row["incident"] for row in rows]


def waiting(database: Database) -> list[str]:
    """The open incidents that wait for people, before their deadline."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT locks.incident FROM locks JOIN incidents ON incidents.id = locks.incident
                WHERE locks.phase = 'waiting' AND incidents.outcome IS NULL AND locks.until > now()
                ORDER BY locks.until"""
        )
        return [row["incident"] for row in rows]


@dataclass(frozen=True)
class Open:
    """An open incident. `run`: who took it last; `alive`: within its lease, or before its deadline."""

    incident: str
    application: str
    opened_at: datetime
    run: str
    alive: bool


def open_incidents(database: Database) -> list[Open]:
    """Those that hold their application, oldest first; another open one is ended by whoever took its application."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT incidents.id AS incident, incidents.application, opened_at, taken.data ->> 'run' AS run, locks.until > now() AS alive
                 FROM incidents
                 JOIN locks ON locks.incident = incidents.id
                 JOIN LATERAL (SELECT data FROM journal
                                WHERE journal.incident = incidents.id AND kind IN ('opened', 'taken over')
                                ORDER BY seq DESC LIMIT 1) AS taken ON true
                WHERE incidents.outcome IS NULL ORDER BY incidents.opened_at"""
        )
        return [
            Open(row["incident"], row["application"], row["opened_at"], row["run"] or "", row["alive"])
            for row in rows
        ]


def put_off(database: Database, late_s: float) -> list[str]:
    """Incidents of the last day whose end left report and words to a linked run, and none has told `late_s` seconds later."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT incidents.id FROM incidents
                 JOIN LATERAL (SELECT data FROM journal WHERE journal.incident = incidents.id AND kind = 'ending'
                                ORDER BY seq DESC LIMIT 1) AS ending ON true
                WHERE closed_at BETWEEN now() - interval '1 day' AND now() - make_interval(secs => %s)
                  AND (ending.data ->> 'put_off')::boolean
                  AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.incident = incidents.id
                                     AND kind = 'act done' AND data ->> 'act' = 'tell')
                ORDER BY closed_at""",
            [late_s],
        )
        return [row["id"] for row in rows]


def unscheduled(database: Database, late_s: float) -> list[str]:
    """Incidents of the last day that rolled back, no drills, and have no follow-ups in their journal `late_s` seconds later."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT id FROM incidents
                WHERE closed_at BETWEEN now() - interval '1 day' AND now() - make_interval(secs => %s)
                  AND outcome = 'rolled_back' AND coalesce(request ->> 'drill', '') = ''
                  AND NOT EXISTS (SELECT 1 FROM journal WHERE journal.incident = incidents.id
                                     AND kind = 'follow-ups scheduled')
                ORDER BY closed_at""",
            [late_s],
        )
        return [row["id"] for row in rows]


def untold(database: Database, late_s: float) -> list[str]:
    """Incidents of the last day that another one ended, and whose end nobody was told of `late_s` seconds later.

    Only those of which people were told anything: their threads, alerts and pages are still open.
    """
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT id FROM incidents
                WHERE closed_at BETWEEN now() - interval '1 day' AND now() - make_interval(secs => %s)
                  AND outcome IN ('superseded', 'expired')
                  AND EXISTS (SELECT 1 FROM outbox WHERE outbox.incident = incidents.id)
                  AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.incident = incidents.id
                                     AND message ->> 'moment' = 'ended')
                ORDER BY closed_at""",
            [late_s],
        )
        return [row["id"] for row in rows]
