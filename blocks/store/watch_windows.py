"""What the watch's windows hold, written in batches and read at its start."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from blocks.store.database import Connection, Database
from domain.findings import Finding
from domain.triggers import Baseline

KEPT_RELEASES = 5
"""Baselines of older releases are deleted."""


@dataclass(frozen=True)
class Sampled:
    """One sample. `clock`: seconds on the watch's clock; `release`: what served, empty where not known."""

    application: str
    clock: float
    finding: Finding
    release: str = ""


@dataclass(frozen=True)
class Mark:
    """When a trigger fired, on the watch's clock; `over`: since when it no longer holds, and its window began anew."""

    clock: float
    over: bool = False


@dataclass
class Batch:
    """What is written at once.

    Attributes:
        firings: (application, trigger) -> what became of it last.
        baselines: (application, measure, release) -> the newest value.
    """

    samples: list[Sampled] = field(default_factory=list)
    firings: dict[tuple[str, str], Mark] = field(default_factory=dict)
    baselines: dict[tuple[str, str, str], Baseline] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.samples or self.firings or self.baselines)


@dataclass(frozen=True)
class Kept:
    """One application's part of what was kept, samples oldest first."""

    samples: Sequence[Sampled] = ()
    firings: dict[str, Mark] = field(default_factory=dict)
    baselines: Sequence[Baseline] = ()


def write(database: Database, batch: Batch, forget_before: float) -> None:
    """Write a batch, and delete what nobody needs from before `forget_before` (the watch's clock).

    PostgreSQL is not waited for to reach its disk: after its crash the last moments of a window may be missing.
    """
    with database.transaction() as connection:
        connection.execute("SET LOCAL synchronous_commit = off")
        _write_samples(connection, batch.samples)
        for (application, trigger), mark in batch.firings.items():
            _write_firing(connection, application, trigger, mark)
        connection.execute("DELETE FROM watch_samples WHERE clock < %s", [forget_before])
        connection.execute("DELETE FROM watch_firings WHERE over AND clock < %s", [forget_before])
        for (application, _measure, _release), baseline in batch.baselines.items():
            _write_baseline(connection, application, baseline)


def _write_samples(connection: Connection, samples: Sequence[Sampled]) -> None:
    if not samples:
        return
    columns = "COPY watch_samples (application, clock, at, finding, release) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(columns) as copy:
        for one in samples:
            finding = one.finding
            copy.write_row((one.application, one.clock, finding.at, finding.model_dump_json(), one.release))


def _write_firing(connection: Connection, application: str, trigger: str, mark: Mark) -> None:
    connection.execute(
        """INSERT INTO watch_firings (application, trigger, clock, over) VALUES (%s, %s, %s, %s)
           ON CONFLICT (application, trigger) DO UPDATE SET clock = excluded.clock, over = excluded.over""",
        [application, trigger, mark.clock, mark.over],
    )


def _write_baseline(connection: Connection, application: str, baseline: Baseline) -> None:
    connection.execute(
        """INSERT INTO watch_baselines (application, measure, release, value, windows) VALUES (%s, %s, %s, %s, %s)
           ON CONFLICT (application, measure, release) DO UPDATE SET
               value = excluded.value, windows = excluded.windows, noted_at = now()""",
        [application, baseline.measure, baseline.release, baseline.value, baseline.windows],
    )
    connection.execute(
        """DELETE FROM watch_baselines WHERE (application, measure, release) IN (
               SELECT application, measure, release FROM watch_baselines WHERE application = %s AND measure = %s
                ORDER BY noted_at DESC OFFSET %s)""",
        [application, baseline.measure, KEPT_RELEASES],
    )


def newest_clock(database: Database) -> float | None:
    """Where the watch's clock would be now, by the wall's time since the newest sample; None where nothing is kept.

    A wall that was set back meanwhile counts as no time: the clock never goes back.
    """
    with database.transaction() as connection:
        row = connection.execute(
            """SELECT clock + greatest(0, extract(epoch FROM now() - at))::double precision AS clock
                 FROM watch_samples ORDER BY watch_samples.clock DESC LIMIT 1"""
        ).fetchone()
        fired = connection.execute("SELECT max(clock) AS clock FROM watch_firings").fetchone()
    found = [one["clock"] for one in (row, fired) if one and one["clock"] is not None]
    return max(found, default=None)


def kept(database: Database, application: str) -> Kept:
    """What is kept of an application."""
    with database.transaction() as connection:
        samples = connection.execute(
            "SELECT application, clock, finding, release FROM watch_samples WHERE application = %s ORDER BY clock",
            [application],
        ).fetchall()
        firings = connection.execute(
            "SELECT trigger, clock, over FROM watch_firings WHERE application = %s", [application]
        ).fetchall()
        baselines = connection.execute(
            """SELECT measure, release, value, windows FROM watch_baselines WHERE application = %s
                ORDER BY noted_at""",
            [application],
        ).fetchall()
    return Kept(
        [Sampled(**{**row, "finding": Finding.model_validate(row["finding"])}) for row in samples],
        {row["trigger"]: Mark(row["clock"], row["over"]) for row in firings},
        [Baseline.model_validate(row) for row in baselines],
    )
