"""The connections of one process to PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

TEXT = os.environ.get("TEXT_COLUMN", "body")
"""Where this release keeps an entry's text: a migration may rename it. What people send and get stays the same."""

PROBE = f"SELECT {TEXT} FROM entries LIMIT 0"  # noqa: S608 - the image's own word
"""Works where the schema is one that this release can work with."""

TRIES, PAUSE_S = 100, 0.2

log = logging.getLogger("flappyjournal")


class Database:
    """A small pool. It answers 503 by `psycopg.OperationalError`, and finds its way back by itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = AsyncConnectionPool(url, min_size=1, max_size=4, timeout=3, open=False)

    async def open(self) -> None:
        """Connect; the line in the log is what the runbook looks for."""
        await self._until(self._reached)
        await self._pool.open()
        await self._pool.wait(timeout=20)
        log.info("Database connected")

    async def has_tables(self) -> None:
        """Wait for the schema: another service brings it. Raises `psycopg.Error`."""
        await self._until(lambda: self.rows("SELECT FROM schema_migrations"))

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    async def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a statement gives, in a transaction of its own. Raises `psycopg.Error`."""
        try:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(query.encode(), values)
                return await cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError:
            # The server ended this connection, so it ended the others as well.
            with suppress(psycopg.Error):
                await self._pool.check()
            raise
        except PoolTimeout as error:
            raise psycopg.OperationalError("no connection to the database within 3 s") from error

    async def answers(self, query: str) -> bool:
        """Whether this query works now."""
        try:
            await self.rows(query)
        except psycopg.Error as error:
            log.error("database does not answer: %s", type(error).__name__)  # noqa: TRY400 - probes repeat
            return False
        return True

    async def _reached(self) -> None:
        await (await psycopg.AsyncConnection.connect(self.url, connect_timeout=5)).close()

    async def _until(self, works: Callable[[], Awaitable[object]]) -> None:
        """All containers start at once, and what is waited for may be the last."""
        for left in reversed(range(TRIES)):
            try:
                await works()
            except psycopg.Error:
                if left == 0:
                    raise
                await asyncio.sleep(PAUSE_S)
            else:
                return
