"""How far a running dump is: the server tells of each `COPY` how many rows it has done (PostgreSQL 14 and newer)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import psycopg

from blocks.postgres.server import Connection, Server
from domain.database.progress import Progress

Report = Callable[[Progress], None]
Counted = Mapping[str, int]

RUNNING = """
SELECT format('%%I.%%I', n.nspname, c.relname), p.tuples_processed
FROM pg_stat_progress_copy p
JOIN pg_stat_activity a USING (pid)
JOIN pg_class c ON c.oid = p.relid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.application_name = %s
"""

ESTIMATE = """
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


class CopyProgress:
    """Follows the sessions of one program by their `application_name`.

    A copy that came and went between two looks is not seen: what is told is what has been done at least.
    """

    def __init__(self, connection: Connection, session: str, what: str, report: Report) -> None:
        self._connection = connection
        self._session = session
        self._what = what
        self._report = report
        self._seen: dict[str, int] = {}
        self._done = 0
        row = connection.execute(ESTIMATE).fetchone()
        self._estimate = int(row[0]) if row else 0

    def look(self, exact: Counted | None) -> None:
        """Report how far it is. `exact`: the rows of each table, once they are counted. Raises psycopg.Error."""
        running: dict[str, int] = dict(self._connection.execute(RUNNING, [self._session]).fetchall())
        ended = self._seen.keys() - running.keys()
        whole = {table: exact[table] for table in ended & exact.keys()} if exact else {}
        self._seen |= running | whole
        self._done = max(self._done, sum(self._seen.values()))
        total = max(sum(exact.values()) if exact else self._estimate, self._done)
        self._report(Progress(done=self._done, total=total, what=self._what))


@contextmanager
def followed(
    server: Server, session: str, what: str, report: Report | None
) -> Iterator[Callable[[Counted | None], None]]:
    """A function that looks and reports. What the server does not tell is left out: a dump needs no progress bar.

    Raises DatabaseUnreachable.
    """
    if report is None:
        yield lambda _exact: None
        return
    with server.connected() as connection:
        progress = CopyProgress(connection, session, what, report)

        def look(exact: Counted | None) -> None:
            with suppress(psycopg.Error):
                progress.look(exact)

        yield look
