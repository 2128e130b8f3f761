"""Alerts, and triggers that fired, in the store: each once, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Json, Jsonb

from blocks.store import lock
from blocks.store.database import Connection
from domain.alert import Received
from domain.precedence import Claim, Phase, gives_way
from domain.reaction import AGAIN, OPENING_S, Before, Result

DAY = "24 hours"
SKEW = "1 minute"
"""An alert that was taken in later than this from now is one from before the clock was set back."""

LOOSE = "1 hour"
"""How long an alert that belongs to an incident waits for it to open."""


@dataclass(frozen=True)
class Kept:
    """One alert as the store has it. `sent`: Prefect has its event."""

    id: UUID
    application: str
    result: Result
    received: Received
    detection: str | None
    incident: str | None
    taken_at: datetime
    sent: bool


def claim(connection: Connection, application: str) -> None:
    """Let nobody else decide on the application's alerts until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('alerts'), hashtext(%s))", [application])


def known(connection: Connection, event: UUID) -> Kept | None:
    """The alert of this event; None the first time."""
    row = connection.execute(
        "SELECT *, sent_at IS NOT NULL AS sent FROM alerts WHERE id = %s", [event]
    ).fetchone()
    return _kept(row) if row else None


def before(connection: Connection, application: str, *, urgent: bool = False) -> Before:
    """What happened to the application before, on the store's own clock; what it says of the future is forgotten.

    No pause follows a start whose run opened no incident before the application was applied again: what kept it from
    acting may be mended. A trigger that Prefect was not told of is no start for long: nothing on disk remembers it.
    `urgent`: before what is urgent; a start that was less so keeps it from nothing, and counts for the day alone.
    A drill's start counts while its incident may still open, and for nothing after it: what breaks in earnest then is true.
    """
    holder = lock.holder(connection, application)
    incident = holder is not None and holder.alive
    since = _gives_way_since(connection, holder.incident, holder.phase) if holder and incident else None
    row = connection.execute(
        f"""SELECT extract(epoch FROM clock_timestamp() - max(taken_at) FILTER (
                       WHERE taken_at > coalesce(%(since)s, '-infinity'::timestamptz)
                         AND (NOT %(urgent)s OR received->>'urgent' = 'true') AND (
                           incident IS NOT NULL OR taken_at >= coalesce(
                               (SELECT applied_at FROM configurations WHERE application = %(application)s), '-infinity'))
                   )) AS seconds,
                   count(*) FILTER (WHERE taken_at > clock_timestamp() - interval '{DAY}') AS today
              FROM alerts WHERE application = %(application)s AND result = 'started'
                            AND taken_at < clock_timestamp() + interval '{SKEW}'
                            AND NOT (taken_at < clock_timestamp() - make_interval(secs => %(opening)s)
                                 AND EXISTS (SELECT FROM incidents WHERE incidents.id = alerts.incident
                                                AND coalesce(incidents.request ->> 'drill', '') <> ''))
                            AND (sent_at IS NOT NULL OR received->>'fired' IS NULL
                                 OR taken_at > clock_timestamp() - make_interval(secs => %(opening)s))""",  # noqa: S608 - our own constants
        {"application": application, "opening": OPENING_S, "since": since, "urgent": urgent},
    ).fetchone() or {"seconds": None, "today": 0}
    seconds = None if row["seconds"] is None else max(0.0, float(row["seconds"]))
    return Before(incident=incident, seconds=seconds, today=row["today"], gives_way=since is not None)


def _gives_way_since(connection: Connection, incident: str, phase: Phase) -> datetime | None:
    """Since when an incident is open that waits for people, and that what is urgent goes before; else None."""
    row = connection.execute("SELECT request, opened_at FROM incidents WHERE id = %s", [incident]).fetchone()
    return row["opened_at"] if row and gives_way(Claim.of(row["request"]), phase) else None


def open_incident(connection: Connection, application: str) -> str | None:
    """The incident that is worked on, or waits for people."""
    holder = lock.holder(connection, application)
    return holder.incident if holder and holder.alive else None


def incident_since(connection: Connection, application: str, since: datetime) -> str | None:
    """The incident that is open, or the newest that was opened after a time: one may have ended within a second.

    Not an older one that gives way: what starts now opens another one.
    """
    holder = lock.holder(connection, application)
    if holder and holder.alive:
        older = _gives_way_since(connection, holder.incident, holder.phase)
        if older is None or older >= since:
            return holder.incident
    row = connection.execute(
        "SELECT id FROM incidents WHERE application = %s AND opened_at >= %s ORDER BY opened_at DESC LIMIT 1",
        [application, since],
    ).fetchone()
    return row["id"] if row else None


def keep(
    connection: Connection,
    received: Received,
    result: Result,
    detection: str | None = None,
    incident: str | None = None,
) -> Kept:
    """Write down what becomes of the alert; what an earlier report of it led to is written over."""
    row = connection.execute(
        """INSERT INTO alerts (id, application, result, received, detection, incident, taken_at)
           VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())
           ON CONFLICT (id) DO UPDATE SET result = excluded.result, received = excluded.received, sent_at = NULL,
               detection = excluded.detection, incident = excluded.incident, run = NULL,
               taken_at = clock_timestamp(), seen_at = now()
           RETURNING *, false AS sent""",
        [
            received.alert.event_id, received.application, result, Json(received.model_dump(mode="json")),
            detection, incident,
        ],
    ).fetchone()  # fmt: skip
    if row is None:
        raise RuntimeError(f"alert {received.alert.event_id} was not kept")
    return _kept(row)


def rises(kept: Kept, now: Result) -> bool:
    """Whether an alert that is sent again leads to more than before.

    One that was grouped may start a run once no incident is open: its own never opened, or has ended, and it still fires.
    """
    if kept.result is Result.GROUPED:
        return now is Result.STARTED
    return kept.result in AGAIN and now in (Result.STARTED, Result.GROUPED)


def seen(connection: Connection, event: UUID) -> None:
    """It was sent again: what still fires is never forgotten, however old it is. Written once an hour."""
    connection.execute(
        "UPDATE alerts SET seen_at = now() WHERE id = %s AND seen_at < now() - interval '1 hour'", [event]
    )


def set_aside(connection: Connection, events: Sequence[UUID]) -> None:
    """Prefect refuses these events: they started nothing, and hold no other back."""
    connection.execute(
        "UPDATE alerts SET result = %s, sent_at = NULL WHERE id = ANY(%s)", [Result.ASIDE, list(events)]
    )


def without_run(connection: Connection, applications: Sequence[str]) -> list[Received]:
    """Alerts that were to be noted in an incident of these applications which has not opened, and that are not over.

    A fired trigger is not among them: the watch offers it again by itself.
    """
    found = [
        kept.received
        for kept in loose(connection)
        if kept.result is Result.GROUPED and kept.application in applications and kept.received.fired is None
    ]
    return [row for row in found if not is_over(connection, row)]


def is_over(connection: Connection, row: Received) -> bool:
    """Whether the alert's sender has told of its end."""
    alert = row.alert
    if known(connection, alert.end.event_id) is not None:
        return True
    later = connection.execute(
        """SELECT 1 FROM alerts WHERE application = %s AND result = 'resolved'
               AND received @> %s AND (received->'alert'->>'started_at')::timestamptz >= %s LIMIT 1""",
        [
            row.application,
            Jsonb({"alert": {"sender": alert.sender, "fingerprint": alert.fingerprint, "ends_all": True}}),
            alert.started_at,
        ],
    ).fetchone()
    return later is not None


def sent(connection: Connection, events: Sequence[UUID]) -> None:
    """Prefect has these events."""
    connection.execute("UPDATE alerts SET sent_at = now() WHERE id = ANY(%s)", [list(events)])


def read_by(connection: Connection, detection: str, run: str) -> str | None:
    """The run that an alert started says that it began; the run that was first, None where no alert did."""
    row = connection.execute(
        "UPDATE alerts SET run = coalesce(run, %s) WHERE detection = %s RETURNING run", [run, detection]
    ).fetchone()
    return row["run"] if row else None


def loose(connection: Connection) -> list[Kept]:
    """Alerts whose incident has not opened yet; of those that Prefect refuses, too, whoever opens one."""
    rows = connection.execute(
        f"""SELECT *, sent_at IS NOT NULL AS sent FROM alerts WHERE incident IS NULL
               AND result IN ('started', 'grouped', 'aside') AND taken_at > now() - interval '{LOOSE}'
             ORDER BY taken_at"""  # noqa: S608 - our own constant
    )
    return [_kept(row) for row in rows]


def unread(connection: Connection, seconds: float) -> list[Kept]:
    """Alerts that Prefect has had for so long, and whose run never began; asked for again and again, ever more rarely."""
    rows = connection.execute(
        f"""SELECT *, true AS sent FROM alerts WHERE result = 'started' AND run IS NULL
               AND sent_at < now() - greatest(make_interval(secs => %s), sent_at - taken_at)
               AND taken_at > now() - interval '{LOOSE}'
             ORDER BY taken_at""",  # noqa: S608 - our own constant
        [seconds],
    )
    return [_kept(row) for row in rows]


def belong_to(connection: Connection, events: Sequence[UUID], incident: str) -> None:
    """The incident of these alerts has opened."""
    connection.execute("UPDATE alerts SET incident = %s WHERE id = ANY(%s)", [incident, list(events)])


def _kept(row: dict[str, Any]) -> Kept:
    return Kept(
        id=row["id"],
        application=row["application"],
        result=Result(row["result"]),
        received=Received.model_validate(row["received"]),
        detection=row["detection"],
        incident=row["incident"],
        taken_at=row["taken_at"],
        sent=row["sent"],
    )
