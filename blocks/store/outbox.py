"""Messages on their way: kept with the incident, sent beside it."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Json

from blocks.store.database import Connection
from domain.message import NO_INCIDENT, Message, Moment

Row = dict[str, Any]

RETRY_S = (2, 5, 15, 60, 300)
"""Seconds until each next try; after the last the message is given up and listed in the report."""

URGENT = (Moment.ASKED, Moment.ESCALATED)
"""Somebody must act on these: they are tried for a day, every `RETRY_S[-1]` seconds at last."""

LONGEST_WAIT_S = 600
"""Seconds that a service may ask us to wait; it may be mistaken, or not be the service."""

REPLACED = "a newer update took its place"

URGENT_TRIES = len(RETRY_S) + 24 * 60 * 60 // RETRY_S[-1]


def post(connection: Connection, message: Message, channels: Sequence[str]) -> None:
    """Keep the message once a channel; one of no incident waits for no other."""
    body = Json(message.model_dump(mode="json"))
    incident = None if message.incident == NO_INCIDENT else message.incident
    for channel in channels:
        if message.moment is Moment.UPDATE:
            _replace_updates(connection, message, channel)
        connection.execute(
            """INSERT INTO outbox (key, channel, incident, message) VALUES (%s, %s, %s, %s)
               ON CONFLICT (key, channel) DO NOTHING""",
            [message.key, channel, incident, body],
        )


def _replace_updates(connection: Connection, message: Message, channel: str) -> None:
    """Updates that a channel could not take yet: only the newest is news."""
    connection.execute(
        """UPDATE outbox SET failed = %s
            WHERE incident = %s AND channel = %s AND key <> %s AND message ->> 'moment' = %s
              AND sent_at IS NULL AND failed IS NULL""",
        [REPLACED, message.incident, channel, message.key, message.moment],
    )


def claim(connection: Connection, lease_s: int, application: str | None = None) -> Row | None:
    """The next message that is due, kept from other senders for `lease_s` seconds; None where there is none.

    Messages of one incident to one channel go out in order: a later one waits for the earlier. What was tried before comes
    after what was not: else a channel that hangs holds all senders in a storm.
    """
    return connection.execute(
        """UPDATE outbox SET due = now() + make_interval(secs => %(lease_s)s), attempts = attempts + 1
            WHERE id = (SELECT id FROM outbox AS waiting
                         WHERE sent_at IS NULL AND failed IS NULL AND due <= now()
                           AND (%(application)s::text IS NULL OR message ->> 'application' = %(application)s)
                           AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                                            WHERE earlier.incident = waiting.incident AND earlier.channel = waiting.channel
                                              AND earlier.id < waiting.id
                                              AND earlier.sent_at IS NULL AND earlier.failed IS NULL)
                         ORDER BY attempts, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING outbox.*, (SELECT reference FROM threads
                              WHERE threads.incident = outbox.incident AND threads.channel = outbox.channel) AS thread""",
        {"lease_s": lease_s, "application": application},
    ).fetchone()


def sent(connection: Connection, row: Row, reference: str | None) -> None:
    """Note that it went out, and the channel's thread."""
    connection.execute("UPDATE outbox SET sent_at = now() WHERE id = %s", [row["id"]])
    if reference and row["incident"]:
        connection.execute(
            "INSERT INTO threads VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [row["incident"], row["channel"], reference],
        )


def put_back(connection: Connection, row: Row, why: str, *, retryable: bool, wait_s: float = 0.0) -> bool:
    """Try it again later, or give it up; whether it was given up. `wait_s`: what the channel asked for."""
    tries = row["attempts"]
    most = URGENT_TRIES if row["message"]["moment"] in URGENT else len(RETRY_S)
    if retryable and tries <= most:
        connection.execute(
            "UPDATE outbox SET due = now() + make_interval(secs => %s) WHERE id = %s",
            [max(RETRY_S[min(tries, len(RETRY_S)) - 1], min(wait_s, LONGEST_WAIT_S)), row["id"]],
        )
        return False
    connection.execute("UPDATE outbox SET failed = %s WHERE id = %s", [why, row["id"]])
    return True
