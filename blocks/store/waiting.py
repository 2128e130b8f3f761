"""Incidents that wait for people, as the locks say."""

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
