"""Who may act on an application: one row each, a token that only rises, a lease.

The lock belongs to the incident, not to a process. While people are asked it is kept until their deadline; while a run acts,
by a lease that the run renews. Each takeover raises the token; a run with an older one acts no more.
"""

from datetime import datetime
from typing import Any

from blocks.ledger import LEASE_S, Hold, Holder
from blocks.store.database import Connection
from domain.errors import LostLock
from domain.precedence import Phase

Row = dict[str, Any]


def held(connection: Connection, application: str) -> Row:
    """The application's lock row, locked for this transaction, with `alive` and the holder's `request` beside it.

    Two statements: a join would show the request of who had the row before we waited for it.
    """
    connection.execute("INSERT INTO locks (application) VALUES (%s) ON CONFLICT DO NOTHING", [application])
    row = connection.execute(
        "SELECT *, until > clock_timestamp() AS alive FROM locks WHERE application = %s FOR UPDATE",
        [application],
    ).fetchone()
    if row is None:
        raise LostLock(application=application, incident="")
    found = connection.execute("SELECT request FROM incidents WHERE id = %s", [row["incident"]]).fetchone()
    return {**row, "request": found["request"] if found else None}


def holder(connection: Connection, application: str) -> Holder | None:
    """Who has the application, without waiting for anybody."""
    row = connection.execute(
        "SELECT incident, phase, until > now() AS alive FROM locks WHERE application = %s AND incident IS NOT NULL",
        [application],
    ).fetchone()
    return Holder(incident=row["incident"], phase=Phase(row["phase"]), alive=row["alive"]) if row else None


def take(connection: Connection, application: str, incident: str | None, seconds: float = LEASE_S) -> Hold:
    """Give the application to the incident, or to none, under a new token."""
    row = connection.execute(
        """UPDATE locks SET incident = %s, token = token + 1, phase = 'acting', until = now() + make_interval(secs => %s)
            WHERE application = %s RETURNING token""",
        [incident, seconds, application],
    ).fetchone()
    if row is None:
        raise LostLock(application=application, incident=incident or "")
    return Hold(application=application, incident=incident or "", token=row["token"])


def check(connection: Connection, hold: Hold) -> None:
    """Raise LostLock unless this hold is the latest. Its row stays locked until the transaction ends."""
    row = connection.execute(
        "SELECT 1 FROM locks WHERE application = %s AND incident = %s AND token = %s FOR UPDATE",
        [hold.application, hold.incident, hold.token],
    ).fetchone()
    if row is None:
        raise LostLock(application=hold.application, incident=hold.incident)


def extend(connection: Connection, hold: Hold) -> None:
    """The lease runs for LEASE_S from now. While people are asked their deadline stays: a late pulse must not shorten it."""
    check(connection, hold)
    connection.execute(
        "UPDATE locks SET until = now() + make_interval(secs => %s) WHERE application = %s AND phase = %s",
        [LEASE_S, hold.application, Phase.ACTING],
    )


def wait(connection: Connection, hold: Hold, until: datetime) -> None:
    """The application is kept for people's answer until the deadline."""
    check(connection, hold)
    connection.execute(
        "UPDATE locks SET phase = %s, until = %s WHERE application = %s",
        [Phase.WAITING, until, hold.application],
    )


def lay_down(connection: Connection, hold: Hold) -> None:
    """Act no more, where this hold still has the application: whoever takes its incident up need not wait for the lease."""
    connection.execute(
        "UPDATE locks SET until = now() WHERE application = %s AND incident = %s AND token = %s AND phase = %s",
        [hold.application, hold.incident, hold.token, Phase.ACTING],
    )


def release(connection: Connection, hold: Hold) -> None:
    """Let the application go, where this hold still has it."""
    connection.execute(
        "UPDATE locks SET incident = NULL, until = now() WHERE application = %s AND incident = %s AND token = %s",
        [hold.application, hold.incident, hold.token],
    )
