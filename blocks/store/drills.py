"""Drills, kept from their first step on: for who cleans up after a killed one, and for the trend."""

from blocks.store.database import Database
from domain.drill import Drill


def begin(database: Database, drill: Drill) -> bool:
    """Keep a new drill, open; False where another one of the application is open."""
    with database.transaction() as connection:
        made = connection.execute(
            """INSERT INTO drills (id, application, run, started_at, data) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT DO NOTHING RETURNING id""",
            [drill.id, drill.application, drill.run, drill.started_at, drill.model_dump_json()],
        ).fetchone()
    return made is not None


def keep(database: Database, drill: Drill) -> bool:
    """Keep how far it is; one that has ended is open no longer. False where it was ended before: it stays as it is."""
    with database.transaction() as connection:
        changed = connection.execute(
            "UPDATE drills SET data = %s, open = %s WHERE id = %s AND open",
            [drill.model_dump_json(), drill.ended_at is None, drill.id],
        )
    return changed.rowcount > 0


def open_ones(database: Database) -> list[Drill]:
    """Those of every application that have not ended; also killed ones."""
    with database.transaction() as connection:
        rows = connection.execute("SELECT data FROM drills WHERE open ORDER BY started_at").fetchall()
    return [Drill.model_validate(row["data"]) for row in rows]


def under_way(database: Database, application: str) -> Drill | None:
    """The application's open drill; also one that was killed."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT data FROM drills WHERE application = %s AND open", [application]
        ).fetchone()
    return Drill.model_validate(row["data"]) if row else None


def known(database: Database, drill: str) -> Drill | None:
    """The drill of this id, open or ended; None where there is none."""
    with database.transaction() as connection:
        row = connection.execute("SELECT data FROM drills WHERE id = %s", [drill]).fetchone()
    return Drill.model_validate(row["data"]) if row else None


def of_run(database: Database, run: str) -> Drill | None:
    """The drill that this run began, before it was killed."""
    with database.transaction() as connection:
        row = connection.execute("SELECT data FROM drills WHERE run = %s", [run]).fetchone()
    return Drill.model_validate(row["data"]) if row else None


def past(database: Database, application: str, most: int = 12) -> list[Drill]:
    """Those that have ended, newest first."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT data FROM drills WHERE application = %s AND NOT open ORDER BY started_at DESC LIMIT %s",
            [application, most],
        ).fetchall()
    return [Drill.model_validate(row["data"]) for row in rows]


def elsewhere(database: Database, application: str, most: int = 5) -> list[Drill]:
    """Those that ended of the same app in its other environments, newest first."""
    with database.transaction() as connection:
        rows = connection.execute(
            """SELECT data FROM drills WHERE split_part(application, '/', 1) = split_part(%s, '/', 1)
               AND application <> %s AND NOT open ORDER BY started_at DESC LIMIT %s""",
            [application, application, most],
        ).fetchall()
    return [Drill.model_validate(row["data"]) for row in rows]


def wait_no_longer(database: Database, incident: str) -> None:
    """End the time that this incident waits for people: who looks for overdue requests wakes its run."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE locks SET until = now() - interval '1 minute' WHERE incident = %s AND phase = 'waiting'",
            [incident],
        )
