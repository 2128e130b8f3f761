"""`postgresql_queries`: how long a query takes on average, as `pg_stat_statements` counts it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

import psycopg
from psycopg import sql
from pydantic import Field, PrivateAttr

from blocks.growth import FIRST_S, EarlierReading
from blocks.measured import Measured
from blocks.postgres.read_only import Address, reading, symptom
from blocks.signals.contract import Place
from domain.findings import Finding

# Whoever looks at the counters is no part of the application; constants are not kept, so we name them in a comment.
SCHEMA: LiteralString = """
    SELECT n.nspname /* pg_stat_statements */ FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_stat_statements'
"""
TOTALS: LiteralString = """
    SELECT (SELECT stats_reset FROM {schema}.pg_stat_statements_info),
        coalesce(sum(calls), 0)::bigint, coalesce(sum(total_exec_time), 0)::float8
    FROM {schema}.pg_stat_statements
    WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query !~* {no_query} AND query !~ 'pg_stat_statements'
"""
NO_QUERY = (
    r"^\s*(begin|start|commit|end|rollback|abort|savepoint|release|set|reset|show|discard|deallocate)\M"
)
"""Statements that only open, close or set up a session's transaction. They are fast, and many."""

MISSING = (
    "has no pg_stat_statements: add it to shared_preload_libraries, restart the server,"
    " and run CREATE EXTENSION pg_stat_statements in the database"
)


@dataclass(frozen=True)
class Totals:
    """All queries since the counters were reset: how many, and their time together in seconds."""

    reset: datetime
    calls: int
    seconds: float


class NotCounted(Exception):
    """The server does not count queries, or this role may not see it; the text says what to do."""


class PostgresqlQueries(Measured):
    """The mean of the database's queries by anybody, in seconds: `above: 0.1` is 100 ms.

    A role without `pg_read_all_stats` cannot tell other roles' queries from their BEGIN and COMMIT, which makes the mean
    look better than it is.
    """

    kind: Literal["postgresql_queries"] = "postgresql_queries"
    url: Address = Field(
        description="postgresql://user:password@host/database; best a reference, `${DATABASE_URL}`."
    )
    since: Literal["look", "reset"] = Field(
        default="look",
        description="`look`: the queries since the look before; `reset`: all since the counters were reset.",
    )
    at_least: int = Field(default=1, ge=1, description="With fewer queries there is no data.")
    first_s: float = Field(
        default=FIRST_S, gt=0, le=10, description="Seconds that the first look measures, for `since: look`."
    )
    timeout_s: float = Field(
        default=3.0, ge=2, le=60, description="Seconds to connect, and then for each look."
    )
    _earlier: EarlierReading[Totals] = PrivateAttr(default_factory=EarlierReading)

    def observe(self, place: Place) -> Finding:
        """Look once. That it does not answer is no data: `postgresql_connections` says that."""
        try:
            calls, seconds = self._counted()
        except NotCounted as error:
            return self.no_data(place, str(error))
        except psycopg.Error as error:
            return self.no_data(place, f"the database does not answer: {symptom(error)}")
        if calls < self.at_least:
            return self.no_data(place, f"{calls} queries ended (at least {self.at_least})")
        mean = seconds / calls
        said = f"{calls} queries took {1000 * mean:.1f} ms on average"
        return self.held(place, said, mean, "s", "slow queries")

    def _counted(self) -> tuple[int, float]:
        """How many queries, and their seconds together. Raises NotCounted, psycopg.Error."""
        if self.since == "reset":
            now = self._totals()
            return now.calls, now.seconds
        before, now = self._earlier.until_now(self._totals, _goes_on, self.first_s)
        return now.calls - before.calls, now.seconds - before.seconds

    def _totals(self) -> Totals:
        try:
            with reading(self.url, self.timeout_s) as connection:
                reset, calls, milliseconds = _read(connection)
        except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):
            raise NotCounted("its pg_stat_statements is too old: PostgreSQL 14 or newer is needed") from None
        except psycopg.errors.ObjectNotInPrerequisiteState:
            raise NotCounted(MISSING) from None
        except psycopg.errors.InsufficientPrivilege:
            raise NotCounted("the role may not read pg_stat_statements: GRANT pg_read_all_stats") from None
        return Totals(reset, calls, milliseconds / 1000)


def _read(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[Any, ...]:
    schema = connection.execute(SCHEMA).fetchone()
    if schema is None:
        raise NotCounted(MISSING)
    totals = sql.SQL(TOTALS).format(schema=sql.Identifier(schema[0]), no_query=sql.Literal(NO_QUERY))
    row = connection.execute(totals).fetchone()
    if row is None:
        raise NotCounted(MISSING)
    return row


def _goes_on(earlier: Totals, now: Totals) -> bool:
    """Whether nobody reset the counters, and the server threw no old entries away."""
    return earlier.reset == now.reset and now.calls >= earlier.calls and now.seconds >= earlier.seconds
