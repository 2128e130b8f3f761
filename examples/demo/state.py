"""What one running slot of the application holds: its identity, its connections, its counters."""

import logging
from dataclasses import dataclass

import psycopg
from fastapi.requests import HTTPConnection
from psycopg import sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from examples.demo.faults import Faulty
from examples.demo.telemetry import Metrics

log = logging.getLogger("flappyjournal")


@dataclass
class State:
    """One per process, made at start, reached by `state_of`.

    Attributes:
        text_column: the column of `entries` that this release keeps an entry's text in.
    """

    version: str
    slot: str
    faulty: Faulty
    metrics: Metrics
    pool: AsyncConnectionPool
    text_column: str = "body"

    async def can_query(self, query: str | sql.Composed) -> bool:
        """Whether the database answers this query within 2 seconds; a failure is logged, not raised."""
        try:
            async with self.pool.connection(timeout=2) as connection:
                await connection.execute(query)
        except (psycopg.Error, PoolTimeout) as error:
            log.error("database does not answer: %s", type(error).__name__)  # noqa: TRY400 - probes repeat
            return False
        return True


def state_of(connection: HTTPConnection) -> State:
    """The state of the process that answers this request or WebSocket."""
    state: State = connection.app.state.slot
    return state
