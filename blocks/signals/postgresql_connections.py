"""`postgresql_connections`: whether PostgreSQL takes connections, and how many of those it may have are in use."""

from collections.abc import Sequence
from typing import Any, Literal, LiteralString, Self

import psycopg
from pydantic import Field, model_validator

from blocks.measured import Measured
from blocks.postgres.read_only import OF_OURS, TOO_MANY, Address, reading, symptom
from blocks.signals.contract import Place
from domain.findings import Finding

# What other roles' sessions are is hidden from a role without pg_read_all_stats; in which database they are is not.
BY_STATE: LiteralString = """
    SELECT CASE WHEN backend_type IS NULL THEN '' ELSE coalesce(state, '') END, count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' OR backend_type IS NULL AND datid IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1
"""
ALLOWED: LiteralString = """
    SELECT sum(setting::int) FILTER (WHERE name = 'max_connections'),
        coalesce(sum(setting::int) FILTER (WHERE name <> 'max_connections'), 0)
    FROM pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""
AT_WORK: LiteralString = """
    SELECT count(*) FILTER (WHERE state <> 'idle'), count(*), count(*) FILTER (WHERE state IS NULL)
    FROM pg_stat_activity
    WHERE datname = current_database() AND usename = coalesce(%s, current_user) AND pid <> pg_backend_pid()
"""
FULL = 100.0


class PostgresqlConnections(Measured):
    """In percent of `max_connections` less what is reserved for superusers. Our own connection is one of them.

    With `pool` in percent of the application's pool: a pool keeps its connections, so only those at work are in use.
    No connection at all is bad, whatever the limit. Credentials that are refused are no data: they are the watch's, and
    the application has its own.
    """

    kind: Literal["postgresql_connections"] = "postgresql_connections"
    url: Address = Field(
        description="postgresql://user:password@host/database; best a reference, `${DATABASE_URL}`."
    )
    pool: int | None = Field(
        default=None,
        ge=1,
        description="Size of the application's pools together: then only its connections to this database that are at"
        " work count, against this size.",
    )
    role: str | None = Field(
        default=None,
        min_length=1,
        description="With `pool`: the application's role, where it is not the url's.",
    )
    timeout_s: float = Field(
        default=3.0, ge=2, le=60, description="Seconds to connect, and then for each look."
    )

    @model_validator(mode="after")
    def _role_goes_with_pool(self) -> Self:
        if self.role is not None and self.pool is None:
            raise ValueError("role goes with pool")
        return self

    def observe(self, place: Place) -> Finding:
        """Look once."""
        try:
            with reading(self.url, self.timeout_s) as connection:
                if self.pool is not None:
                    row = connection.execute(AT_WORK, [self.role]).fetchone()
                    return self._of_pool(place, *(row or (0, 0, 0)), size=self.pool)
                states = connection.execute(BY_STATE).fetchall()
                most, reserved = connection.execute(ALLOWED).fetchone() or (0, 0)
        except psycopg.Error as error:
            return self._not_answering(place, symptom(error))
        return self._judged(place, states, most - reserved)

    def _of_pool(self, place: Place, busy: int, held: int, hidden: int, *, size: int) -> Finding:
        if hidden:
            return self.no_data(place, "the role may not see the application's: GRANT pg_read_all_stats")
        share = 100 * busy / size
        said = f"{busy} of the pool's {size} connections are at work ({share:.1f} %), {held} are open"
        return self.held(place, said, share, "%", "pool nearly exhausted")

    def _judged(self, place: Place, states: Sequence[tuple[Any, ...]], allowed: int) -> Finding:
        used = sum(count for _, count in states)
        share = 100 * used / allowed if allowed > 0 else FULL
        listed = ", ".join(f"{count} {state or 'of other roles'}" for state, count in states)
        said = f"{used} of {allowed} connections in use ({share:.1f} %): {listed}"
        return self.held(place, said, share, "%", "connections nearly exhausted")

    def _not_answering(self, place: Place, why: str) -> Finding:
        if why in OF_OURS:
            return self.no_data(place, f"the database does not let Backout in: {why}")
        said = f"the database does not answer: {why}"
        if why == TOO_MANY:
            return self.bad(place, said, why, value=FULL, unit="%")
        return self.bad(place, said, why)
