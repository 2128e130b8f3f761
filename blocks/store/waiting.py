"""Incidents that somebody must see to: open ones, those that wait for people, those whose report was put off."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Open:
    """An open incident. `run`: who took it last; `alive`: within its lease, or before its deadline."""

    incident: str
    run: str
    alive: bool


def open_incidents(database: Database) -> list[Open]:
    """Those that hold their application, oldest first; another open one is ended by whoever took its application."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT incidents.id AS incident, taken.data ->> 'run' AS run, locks.until > now() AS alive
                 FROM incidents
                 JOIN locks ON locks.incident = incidents.id
                 JOIN LATERAL (SELECT data FROM journal
                                WHERE journal.incident = incidents.id AND kind IN ('opened', 'taken over')
                                ORDER BY seq DESC LIMIT 1) AS taken ON true
                WHERE incidents.outcome IS NULL ORDER BY incidents.opened_at"""
        )
        return [Open(row["incident"], row["run"] or "", row["alive"]) for row in rows]


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
