"""What one running slot of the application holds: its identity, its connections, its counters."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import psycopg
from fastapi.requests import HTTPConnection
from psycopg import sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from examples.demo.faults import Faulty
from examples.demo.telemetry import Metrics

log = logging.getLogger("flappyjournal")

SPOOL = "spool"
"""In `STATE_FOLDER`."""


@dataclass
class State:
    """One per process, made at start, reached by `state_of`.

    Attributes:
        text_column: the column of `entries` that this release keeps an entry's text in.
        spool: the file that it notes each new entry in; None where it has no folder of its own.
    """

    version: str
    slot: str
    faulty: Faulty
    metrics: Metrics
    pool: AsyncConnectionPool
    text_column: str = "body"
    spool: Path | None = None

    async def can_query(self, query: str | sql.Composed) -> bool:
        """Whether the database answers this query within 2 seconds; a failure is logged, not raised."""
        try:
            async with self.pool.connection(timeout=2) as connection:
                await connection.execute(query)
        except (psycopg.Error, PoolTimeout) as error:
            log.error("database does not answer: %s", type(error).__name__)  # noqa: TRY400 - probes repeat
            return False
        return True

    def note(self, line: str) -> None:
        """Add a line to the spool. Raises `OSError`, as where its disk is full."""
        if self.spool is not None:
            with self.spool.open("ab", buffering=0) as file:
                file.write(f"{line}\n".encode())

    @property
    def can_write(self) -> bool:
        """Whether the spool takes a byte, which is taken away again; a failure is logged, not raised."""
        try:
            if self.spool is not None:
                with self.spool.open("ab", buffering=0) as file:
                    end = file.seek(0, os.SEEK_END)
                    file.write(b"\n")
                    file.truncate(end)
        except OSError as error:
            log.error("spool cannot be written: %s", error.strerror)  # noqa: TRY400 - probes repeat
            return False
        return True


def state_of(connection: HTTPConnection) -> State:
    """The state of the process that answers this request or WebSocket."""
    state: State = connection.app.state.slot
    return state
