"""The data of one database, piped into an empty one by PostgreSQL's own programs."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from blocks.postgres.catalog import schema_of
from blocks.postgres.programs import Programs
from blocks.postgres.server import Connection, Server
from domain.database.progress import Progress
from domain.database.schema import differences
from domain.errors import CommandFailed, NotRehearsed

DUMP = ("--format=custom", "--compress=0", "--no-comments", "--no-publications", "--no-subscriptions")
RESTORE = ("--format=custom", "--no-owner")
LOST_DATA = "COPY failed"
PRIVILEGES = ": privileges of "


def fill(
    server: Server,
    programs: Programs,
    source: Connection,
    into: str,
    progress: Callable[[Progress], None],
) -> None:
    """Copy what `source` sees into the empty database `into`; no file is written on the way.

    What an ordinary role may not restore, such as a grant by somebody else, is left out; a table, column or row is
    not. Raises NotRehearsed, ProgramUnfit.
    """
    version = source.info.server_version
    programs.check("pg_dump", version)
    programs.check("pg_restore", version)
    total = _estimated_rows(source)
    progress(Progress(done=0, total=total, what=f"cloning {server.database}"))
    snapshot = source.execute("SELECT pg_export_snapshot()").fetchone()
    said: list[str] = []
    args = [*DUMP, f"--snapshot={snapshot[0] if snapshot else ''}"]
    try:
        _pipe(server, programs, into, args, said)
    except CommandFailed as error:
        _refuse_what_is_missing(server, source, into, said, error)
    progress(Progress(done=total, total=total, what=f"cloning {server.database}"))


def _pipe(server: Server, programs: Programs, into: str, dump: list[str], said: list[str]) -> None:
    """Run both programs at once. Each closes its end, so that neither waits for one that has ended."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(max_workers=1) as beside:
        dumped = beside.submit(_dump, server, programs, dump, os.fdopen(writing, "wb"))
        try:
            with os.fdopen(reading, "rb") as archive:
                programs.run("pg_restore", RESTORE, server.address(into), stdin=archive, on_line=said.append)
        except CommandFailed as restoring:
            if dumping := dumped.exception():
                why = f"{dumping}; {restoring.what()}"
                raise NotRehearsed(database=server.database, why=why) from dumping
            raise
        dumped.result()


def _dump(server: Server, programs: Programs, args: list[str], archive: IO[bytes]) -> None:
    with archive:
        programs.run("pg_dump", args, server.address(), stdout=archive)


def _refuse_what_is_missing(
    server: Server, source: Connection, into: str, said: list[str], error: CommandFailed
) -> None:
    with server.connected(into) as target:
        real = differences(schema_of(source), schema_of(target)).real
    missing = [line for line in real if PRIVILEGES not in line]
    if missing or any(LOST_DATA in line for line in said):
        why = f"the clone is not complete: {'; '.join(missing[:3])} {error.what()}"
        raise NotRehearsed(database=server.database, why=why) from error


def _estimated_rows(source: Connection) -> int:
    found = source.execute(
        "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class WHERE relkind = 'r'"
    ).fetchone()
    return int(found[0]) if found else 0
