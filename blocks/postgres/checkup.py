"""What `backout doctor` sees of a PostgreSQL database: the numbers that tell why services cannot use it."""

import shlex
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from blocks.disk import disk_checkup
from domain.checkup import Checkup, Remedy, unseen, well, wrong

DATABASE = "database"
RESTART = "restart database"
OF_DATABASE = 'FlappyJournal "Database Connection Problems"'
HELD_S = 300
"""Seconds from which a transaction that does nothing keeps locks and vacuum waiting."""

NUMBERS: LiteralString = """
    SELECT numbackends, xact_commit, xact_rollback, deadlocks, coalesce(checksum_failures, 0),
        round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 1), pg_size_pretty(pg_database_size(datname))
    FROM pg_stat_database WHERE datname = current_database()
"""
HELD: LiteralString = """
    SELECT pid, coalesce(application_name, ''), extract(epoch FROM now() - xact_start)::int
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'
        AND xact_start < now() - make_interval(secs => %s)
    ORDER BY xact_start LIMIT 1
"""
WAITING: LiteralString = """
    SELECT a.pid, b.pid FROM pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) AS b (pid)
    WHERE a.datname = current_database() AND a.wait_event_type = 'Lock' LIMIT 1
"""
DATA: LiteralString = "SELECT setting FROM pg_settings WHERE name = 'data_directory'"
"""No row for a role that may not know it."""

IDLE_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'idle' AND state_change < now() - interval '5 minutes'"
)


def numbers(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> list[Checkup]:
    """Its counters, transactions that hold others up, whether it takes writes, its disk. Raises psycopg.Error."""
    return [
        _counters(connection),
        _writes(connection, url),
        _waiting(connection, url),
        *_disk(connection, url),
    ]


def not_answering(symptom: str, url: str, restart: Sequence[str]) -> Checkup:
    """Why it does not answer, and what mends that. `restart`: the command that restarts it; empty where none is known."""
    again = _restart(url, restart)
    if symptom == "too many connections":
        remedies = [Remedy(command=psql(url, IDLE_END)), again]
    elif symptom in ("refused", "timeout", "closed", "shutting down"):
        remedies = [again]
    elif symptom == "starting up":
        remedies = [Remedy(command=f"pg_isready -d {shlex.quote(without_password(url))}")]
    else:
        remedies = [Remedy(command=psql(url, "SELECT 1"))]
    said = f"{place(url)} does not answer: {symptom}"
    return wrong(DATABASE, DATABASE, said, *remedies, source=f"{OF_DATABASE} 1-2", symptom=symptom)


def connections(said: str, url: str, restart: Sequence[str], *, full: bool) -> Checkup:
    """Used against allowed. `full`: hardly one is left."""
    source = f"{OF_DATABASE} 3"
    if not full:
        return well("connections", DATABASE, said, source=source)
    remedies = [Remedy(command=psql(url, IDLE_END)), _restart(url, restart)]
    return wrong("connections", DATABASE, said, *remedies, source=source)


def psql(url: str, query: str) -> str:
    """The query as a command, without a password in it."""
    return f'psql -d {shlex.quote(without_password(url))} -c "{query}"'


def place(url: str) -> str:
    """`host:port/database`."""
    found = conninfo_to_dict(url)
    return f"{found.get('host') or 'localhost'}:{found.get('port') or 5432}/{found.get('dbname') or ''}"


def without_password(url: str) -> str:
    """The conninfo as it may be shown."""
    found = {name: value for name, value in conninfo_to_dict(url).items() if "password" not in name}
    return make_conninfo("", **found)


def _restart(url: str, restart: Sequence[str]) -> Remedy:
    if restart:
        return Remedy(name=RESTART, command=shlex.join(restart))
    host = _host(url)
    service = "systemctl restart postgresql"
    return Remedy(command=service if _is_here(host) else f"ssh {shlex.quote(host)} {service}")


def _counters(connection: psycopg.Connection[tuple[Any, ...]]) -> Checkup:
    row = connection.execute(NUMBERS).fetchone()
    if row is None:
        return unseen("pg_stat_database", DATABASE, "has no row of it", source=f"{OF_DATABASE} 3")
    backends, committed, undone, deadlocks, corrupt, hits, size = row
    said = (
        f"{backends} sessions, {committed} transactions committed and {undone} rolled back, {deadlocks} deadlocks,"
        f" {hits if hits is not None else '-'} % of blocks from memory, {size}"
    )
    if corrupt:
        broken = f"{corrupt} blocks failed their checksum; {said}"
        verify = Remedy(command="backout db list APP")
        return wrong("pg_stat_database", DATABASE, broken, verify, symptom="checksum failures")
    return well("pg_stat_database", DATABASE, said, source=f"{OF_DATABASE} 3")


def _writes(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> Checkup:
    # What we set ourselves for this look is `transaction_read_only`, not the default.
    query: LiteralString = "SELECT pg_is_in_recovery(), reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only'"
    standby, read_only = connection.execute(query).fetchone() or (False, False)
    if standby:
        promote = Remedy(command=psql(url, "SELECT pg_promote()"))
        return wrong("writes", DATABASE, "it is a standby, which takes no writes", promote, symptom="standby")
    if read_only:
        said = "it is set to read only: an application cannot write"
        tidy = Remedy(command="backout db status APP")
        return wrong("writes", DATABASE, said, tidy, symptom="read only")
    return well("writes", DATABASE, "it takes writes")


def _waiting(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> Checkup:
    held = connection.execute(HELD, [HELD_S]).fetchone()
    blocked = connection.execute(WAITING).fetchone()
    if held:
        pid, who, seconds = held
        said = (
            f"session {pid} ({who or 'unnamed'}) has an open transaction and does nothing since {seconds} s"
        )
    elif blocked:
        waits, pid = blocked
        said = f"session {waits} waits for a lock that session {pid} has"
    else:
        return well("locks", DATABASE, "nobody waits for a lock")
    end = Remedy(command=psql(url, f"SELECT pg_terminate_backend({pid})"))
    return wrong("locks", DATABASE, said, end, source=f"{OF_DATABASE} 3", symptom="waits for a lock")


def _disk(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> list[Checkup]:
    """Nothing where it lies elsewhere, or this role or user may not know."""
    row = connection.execute(DATA).fetchone()
    if row is None or not _is_here(_host(url)) or not Path(row[0]).is_absolute():
        return []
    try:
        there = Path(row[0]).exists()
    except OSError:
        there = False
    return [disk_checkup(DATABASE, Path(row[0]), source=OF_DATABASE)] if there else []


def _host(url: str) -> str:
    return str(conninfo_to_dict(url).get("host") or "localhost")


def _is_here(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
