"""What looks at an application's readiness found, and what is only found out now and then: rehearsals, backups that were read, channels that answered."""

from collections.abc import Callable, Sequence
from datetime import datetime

from psycopg.types.json import Json

from blocks.store import outbox
from blocks.store.database import Connection, Database
from domain.checkup import Checkup
from domain.database.rehearsal import Rehearsal
from domain.message import Message
from domain.readiness_news import Record

Judge = Callable[[Record | None], tuple[Record, Message | None]]
"""From what was kept to what is kept now, and what people are told of it."""

LOCK = 0x72656164


def all_of(database: Database) -> list[Record]:
    """Every application's, by name."""
    with database.transaction() as connection:
        rows = connection.execute("SELECT body FROM readiness ORDER BY application")
        return [Record.model_validate(row["body"]) for row in rows]


def of(database: Database, application: str) -> Record | None:
    """What is kept of an application; None where nobody looked yet."""
    with database.transaction() as connection:
        return _of(connection, application)


def keep(database: Database, application: str, judge: Judge, channels: Sequence[str]) -> Message | None:
    """Keep what was found, and post what people are told of it, in one step; the message. One look at a time."""
    with database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, application])
        record, message = judge(_of(connection, application))
        connection.execute(
            """INSERT INTO readiness (application, body) VALUES (%s, %s)
               ON CONFLICT (application) DO UPDATE SET body = excluded.body, at = now()""",
            [application, Json(record.model_dump(mode="json"))],
        )
        if message:
            outbox.post(connection, message, channels)
        return message


def forget_others(database: Database, applications: Sequence[str]) -> None:
    """Drop what is kept of applications that are no longer looked at: a gauge must not show them for ever."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM readiness WHERE application <> ALL(%s)", [list(applications)])


def _of(connection: Connection, application: str) -> Record | None:
    row = connection.execute("SELECT body FROM readiness WHERE application = %s", [application]).fetchone()
    return Record.model_validate(row["body"]) if row else None


def rehearsed(database: Database, application: str, rehearsal: Rehearsal) -> None:
    """Keep a rehearsal; the last one of a way down replaces the one before."""
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO rehearsals (application, from_version, to_version, body) VALUES (%s, %s, %s, %s)
               ON CONFLICT (application, from_version, to_version) DO UPDATE SET body = excluded.body, at = now()""",
            [
                application,
                rehearsal.from_version or "",
                rehearsal.to_version or "",
                Json(rehearsal.model_dump(mode="json")),
            ],
        )


def rehearsal_of(
    database: Database, application: str, from_version: str, to_version: str
) -> Rehearsal | None:
    """The last rehearsal of this way down; None where there was none."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT body FROM rehearsals WHERE application = %s AND from_version = %s AND to_version = %s",
            [application, from_version, to_version],
        ).fetchone()
    return Rehearsal.model_validate(row["body"]) if row else None


def read_backup(database: Database, application: str, name: str, files: str, problems: Sequence[str]) -> None:
    """Note that a backup was read whole, and what is wrong with it."""
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO backups_read (application, name, files, problems) VALUES (%s, %s, %s, %s)
               ON CONFLICT (application, name) DO UPDATE
                  SET files = excluded.files, problems = excluded.problems, at = now()""",
            [application, name, files, Json(list(problems))],
        )
        connection.execute("DELETE FROM backups_read WHERE at < now() - interval '90 days'")


def backup_read(
    database: Database, application: str, name: str, files: str
) -> tuple[list[str], datetime] | None:
    """What was wrong with a backup when it was read last, and when; None where its files are other ones since."""
    with database.transaction() as connection:
        row = connection.execute(
            "SELECT problems, at FROM backups_read WHERE application = %s AND name = %s AND files = %s",
            [application, name, files],
        ).fetchone()
    return (list(row["problems"]), row["at"]) if row else None


def answered(
    database: Database, application: str, channel: str, settings: str, checkups: Sequence[Checkup]
) -> None:
    """Keep a good answer of a channel. `settings`: a digest of those that it was asked with."""
    with database.transaction() as connection:
        connection.execute(
            """INSERT INTO channel_answers (application, channel, settings, checkups) VALUES (%s, %s, %s, %s)
               ON CONFLICT (application, channel) DO UPDATE
                  SET settings = excluded.settings, checkups = excluded.checkups, at = now()""",
            [application, channel, settings, Json([one.model_dump(mode="json") for one in checkups])],
        )
        connection.execute("DELETE FROM channel_answers WHERE at < now() - interval '1 day'")


def answer_of(
    database: Database, application: str, channel: str, settings: str, newer_than_s: float
) -> list[Checkup]:
    """The good answer of a channel with these settings; empty where there is none so new."""
    with database.transaction() as connection:
        row = connection.execute(
            """SELECT checkups FROM channel_answers WHERE application = %s AND channel = %s AND settings = %s
                  AND at > now() - make_interval(secs => %s)""",
            [application, channel, settings, newer_than_s],
        ).fetchone()
    return [Checkup.model_validate(one) for one in row["checkups"]] if row else []
