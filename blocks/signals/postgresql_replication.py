"""`postgresql_replication`: how far standbys are behind, asked of the primary, or of a standby for itself."""

from typing import Any, Literal, LiteralString

import psycopg
from pydantic import Field

from blocks.measured import Measured
from blocks.postgres.read_only import Address, reading, symptom
from blocks.signals.contract import Place
from domain.findings import Finding

STANDBY: LiteralString = "SELECT pg_is_in_recovery()"

# A standby that has all there is reports no lag after a while: `replay_lag` is null then.
OF_STANDBYS: LiteralString = """
    SELECT coalesce(nullif(application_name, ''), pid::text), state,
        coalesce(extract(epoch FROM replay_lag), 0)::float8,
        greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::float8
    FROM pg_stat_replication
"""
# Where nothing is written, the last transaction is long ago on a standby that has all of it.
OF_ITSELF: LiteralString = """
    SELECT 'this standby', coalesce((SELECT status FROM pg_stat_wal_receiver), 'no connection to its primary'),
        CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END::float8,
        greatest(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0)::float8
"""
STREAMING = "streaming"


class PostgresqlReplication(Measured):
    """The standby that is the farthest behind counts. Its replay is measured: what a query on the standby would see.

    The role needs `pg_read_all_stats` (or `pg_monitor`): others are not told the lag.
    """

    kind: Literal["postgresql_replication"] = "postgresql_replication"
    url: Address = Field(description="The primary, or a standby: postgresql://user:password@host/database.")
    measure: Literal["seconds", "bytes"] = Field(
        default="seconds", description="What the lag is measured in."
    )
    standbys: int = Field(
        default=0,
        ge=0,
        description="How many must be attached to the primary, and streaming; fewer are bad. With 0, none is no data.",
    )
    timeout_s: float = Field(
        default=3.0, ge=2, le=60, description="Seconds to connect, and then for each look."
    )

    def observe(self, place: Place) -> Finding:
        """Look once. That it does not answer is no data: `postgresql_connections` says that."""
        try:
            with reading(self.url, self.timeout_s) as connection:
                standby = connection.execute(STANDBY).fetchone() == (True,)
                rows = connection.execute(OF_ITSELF if standby else OF_STANDBYS).fetchall()
        except psycopg.Error as error:
            return self.no_data(place, f"the database does not answer: {symptom(error)}")
        return self._of_itself(place, rows[0]) if standby else self._of_standbys(place, rows)

    def _of_standbys(self, place: Place, rows: list[tuple[Any, ...]]) -> Finding:
        if rows and all(row[1] is None for row in rows):
            return self.no_data(place, "the role may not see the lag: GRANT pg_read_all_stats")
        streaming = [row for row in rows if row[1] == STREAMING]
        if len(streaming) < self.standbys:
            said = f"{len(streaming)} standbys are streaming (at least {self.standbys})"
            return self.bad(place, said, "standby missing")
        measured = [row for row in rows if self._lag(row) is not None]
        if not measured:
            return self.no_data(place, "no standby is attached")
        farthest = max(measured, key=lambda row: self._lag(row) or 0.0)
        return self._judged(place, farthest, f", the farthest of {len(rows)}" if len(rows) > 1 else "")

    def _of_itself(self, place: Place, row: tuple[Any, ...]) -> Finding:
        if row[1] != STREAMING:
            return self.bad(place, f"the standby gets nothing: {row[1]}", "standby not streaming")
        if self._lag(row) is None:
            return self.no_data(place, "the standby has replayed nothing yet")
        return self._judged(place, row, "")

    def _lag(self, row: tuple[Any, ...]) -> float | None:
        lag: float | None = row[2] if self.measure == "seconds" else row[3]
        return lag

    def _judged(self, place: Place, row: tuple[Any, ...], more: str) -> Finding:
        lag = self._lag(row) or 0.0
        words = f"{lag:.3f} s" if self.measure == "seconds" else f"{lag:.0f} bytes"
        unit = "s" if self.measure == "seconds" else "bytes"
        return self.held(place, f"{row[0]} is {words} behind{more}", lag, unit, "replication lag")
