"""A backup, restored into a new database beside the one in use, and looked at before anybody may use it."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
from psycopg import sql

from blocks.postgres import beside
from blocks.postgres.backups import verify
from blocks.postgres.copy_progress import Report
from blocks.postgres.inspection import Inspection, inspect
from blocks.postgres.load import Load
from blocks.postgres.maintenance import exists, maintenance, turn
from blocks.postgres.programs import Programs
from blocks.postgres.server import LONGEST_NAME, Connection, Server
from domain.database.backup import Backup
from domain.database.progress import Progress
from domain.database.restored import Restored
from domain.errors import BackupUnusable, CommandFailed, DatabaseUnreachable, RestoreFailed

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY pg_relation_size(c.oid) DESC
"""
UNVERIFIED = "no manifest says what it should hold: see whether its counts are right"


def restore(  # noqa: PLR0913 -- the last four have defaults that are right for nearly everybody
    server: Server,
    programs: Programs,
    backup: Backup,
    *,
    into: str | None = None,
    jobs: int = 2,
    smoke: Sequence[str] = (),
    progress: Report | None = None,
) -> Restored:
    """Restore a backup beside the database in use, which is only read for its encoding, owner and place.

    What killed restores left unfinished is dropped first; where one had finished, what it made is looked at again
    and taken. Until it is swapped in, the new database is read-only.

    Args:
        server: as its owner, who needs `CREATEDB` and no more.
        programs: `pg_restore` and `psql`, in a version that knows this server.
        backup: a folder of ours, or a dump that somebody else made.
        into: the new database's name; by default one with the time.
        jobs: sessions that copy at the same time.
        smoke: queries of the application's; each must give a row.
        progress: called in this thread, about four times a second, with rows.

    Raises:
        BackupUnusable: the backup is broken; nothing was begun.
        RestoreFailed: what was made of it is dropped again.
        SwapRefused: another process restores into that name.
        DatabaseUnreachable, ProgramUnfit: the restore could not begin, or be ended.
    """
    started = time.monotonic()
    checked = verify(backup, programs)
    if checked.problems:
        raise BackupUnusable(backup.name, checked.problems)
    beside.sweep(server)
    with maintenance(server) as connection:
        done = beside.ready(connection, server, backup.name)
        name = into or beside.free_name(connection, server)
    for earlier in [database for database in done if into in {None, database}]:
        seen = inspect(server, earlier, checked.manifest, smoke)
        if not seen.problems:
            return _restored(checked, earlier, seen, 0.0)
    load = Load(server, programs, checked, name, jobs, progress)
    seen = _made(load, smoke)
    if progress:
        rows = sum(seen.counts.values())
        progress(Progress(done=rows, total=rows, what=f"restored {backup.name}"))
    return _restored(checked, name, seen, time.monotonic() - started)


def _made(load: Load, smoke: Sequence[str]) -> Inspection:
    """Create it, fill it, look at it, and mark it as ready; drop it where that fails."""
    server, name = load.server, load.into
    with turn(server, name) as connection, _told(load):
        _refuse_name(connection, load)
        with _dropped_if_failed(connection, load):
            beside.create(connection, name, server.database, load.backup.name)
            analyzed = load.run()
            seen = _inspected(load, smoke, analyzed=analyzed)
            if seen.problems:
                raise RestoreFailed(load.backup.name, name, seen.problems)
            beside.finish(connection, name)
            return seen


def _inspected(load: Load, smoke: Sequence[str], *, analyzed: bool) -> Inspection:
    """What is in it. Meanwhile the planner's statistics are taken: without them its first queries would crawl."""
    server, name = load.server, load.into
    with ThreadPoolExecutor(2) as others:
        halves = [] if analyzed else [others.submit(_analyze, server, name, half) for half in (0, 1)]
        seen = inspect(server, name, load.backup.manifest, smoke)
        for half in halves:
            half.result()
    return seen


def _analyze(server: Server, database: str, half: int) -> None:
    """Analyze every second table, the largest first."""
    with server.connected(database) as connection:
        tables = connection.execute(TABLES).fetchall()
        for schema, name in tables[half::2]:
            connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, name)))


def _refuse_name(connection: Connection, load: Load) -> None:
    name = load.into
    if len(name.encode()) > LONGEST_NAME:
        said = f"the name is {len(name.encode())} bytes long, and PostgreSQL keeps {LONGEST_NAME}"
        raise RestoreFailed(load.backup.name, name, [said])
    if exists(connection, name):
        raise RestoreFailed(
            load.backup.name, name, ["there is a database of this name: it is not overwritten"]
        )


@contextmanager
def _dropped_if_failed(connection: Connection, load: Load) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # Where the server went away, the next restore drops it.
        with suppress(psycopg.Error, DatabaseUnreachable):
            if connection.closed:
                beside.sweep(load.server)
            else:
                beside.drop(connection, load.server, load.into)
        raise


@contextmanager
def _told(load: Load) -> Iterator[None]:
    """Every reason in the words of a restore."""
    try:
        yield
    except CommandFailed as error:
        raise _failed(load, _said(error)) from error
    except (psycopg.Error, OSError) as error:
        raise _failed(load, " ".join(str(error).split())) from error


def _failed(load: Load, why: str) -> RestoreFailed:
    return RestoreFailed(backup=load.backup.name, into=load.into, problems=[why])


def _said(error: CommandFailed) -> str:
    """The program's own reason; where it was killed it had no time for one."""
    lines = error.output.splitlines()
    reason = next((line for line in lines if "ERROR" in line or "error:" in line), lines[-1] if lines else "")
    return reason or f"{error.argv[0]} ended with {error.exit_code_seen}"


def _restored(backup: Backup, name: str, seen: Inspection, seconds: float) -> Restored:
    verified = backup.manifest is not None
    problems = [] if verified else [UNVERIFIED]
    return Restored(
        database=name,
        backup=backup.name,
        verified=verified,
        counts=seen.counts,
        problems=problems,
        seconds=seconds,
    )
