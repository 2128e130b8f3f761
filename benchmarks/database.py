"""Backup, restore, swap and rehearsal of a real database, beside PostgreSQL's own programs alone.

Each of ours does more than the program it is compared with: counts, fingerprint and checksums at the backup, and their
verification at the restore. Ours and theirs run in turn, on the same server, a few rounds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import sql
from pydantic import SecretStr

from benchmarks.outage import longest_gap
from benchmarks.record import Recording
from blocks.embedded_postgres import PROGRAMS, EmbeddedPostgres
from blocks.home import Home
from blocks.migrations.sql_files import SqlFiles
from blocks.postgres.backups import listed
from blocks.postgres.clone import How, clone
from blocks.postgres.dump import back_up
from blocks.postgres.programs import Programs
from blocks.postgres.rehearse import rehearse
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.swap import kept, swap

SIZES_MB = (100, 1000)
ROUNDS = 3
DATABASE = "shop"
IN_USE: How = "dump"
"""How a database is cloned while its application is connected: by `pg_dump` into `pg_restore`."""

ROW_BYTES = 1100
TABLES = ("entries", "messages")
TABLE = """
    CREATE TABLE {} (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, body text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
"""
FILL = """
    INSERT INTO {} (title, body)
    SELECT 'entry ' || n, (SELECT string_agg(md5((n * 32 + part)::text), '') FROM generate_series(1, 32) part)
    FROM generate_series(1, {}) n
"""
"""Hexadecimal digits, which shrink to about half: text of people shrinks to a third."""


def measure(sizes_mb: tuple[int, ...] = SIZES_MB, rounds: int = ROUNDS) -> Recording:
    """All figures, at each size."""
    recording = Recording("database")
    for size in sizes_mb:
        with (
            tempfile.TemporaryDirectory(prefix="bench-db-", dir="/tmp") as folder,
            _server(Path(folder)) as server,
        ):
            _fill(server, size)
            bench = Bench(server, Path(folder) / "work", size)
            recording.samples += [bench.round() for _ in range(rounds)]
    recording.figures = _figures(recording.samples, sizes_mb)
    return recording


class Bench:
    """One database of one size, and the measurements on it."""

    def __init__(self, server: Server, folder: Path, size_mb: int) -> None:
        self.server = server
        self.programs = Programs()
        self.folder = folder
        self.size_mb = size_mb
        self.migrations = _migrations(folder / "migrations")

    def round(self) -> dict[str, Any]:
        """Theirs and ours, in turn; seconds."""
        shutil.rmtree(self.folder / "dumps", ignore_errors=True)
        (self.folder / "dumps").mkdir(parents=True)
        sample: dict[str, Any] = {"size_mb": self.size_mb}
        sample["pg_dump_s"] = _timed(self._dump)
        sample["backup_s"] = _timed(self._back_up)
        sample["pg_restore_s"] = _timed(self._raw_restore)
        self._drop("raw")
        started = time.monotonic()
        restored = restore(self.server, self.programs, listed(self.folder / "dumps")[0])
        sample["restore_s"] = time.monotonic() - started
        sample["outage_s"] = longest_gap(self.server, lambda: swap(self.server, restored.database))
        for database in kept(self.server):
            self._drop(database)
        return sample | self._rehearsed()

    def _rehearsed(self) -> dict[str, float]:
        def copied() -> None:
            with clone(self.server, self.programs, IN_USE):
                pass

        clone_s = _timed(copied)
        self.migrations.up(self.server)
        started = time.monotonic()
        seen = rehearse(self.server, self.migrations, self.programs, to=None, how=IN_USE)
        rehearsal_s = time.monotonic() - started
        self.migrations.down(self.server, None)
        if not seen.works:
            raise RuntimeError(f"the rehearsal failed: {seen.failed}")
        return {"clone_s": clone_s, "rehearsal_s": rehearsal_s, "steps_s": seen.steps_s}

    def _dump(self) -> None:
        self._program("pg_dump", "--format=directory", "--jobs=2", f"--file={self.folder / 'dumps' / 'raw'}")

    def _back_up(self) -> None:
        back_up(
            self.server, self.programs, self.folder / "dumps", application="shop/production", label="bench",
            release=None, schema_version=None, jobs=2,
        )  # fmt: skip

    def _raw_restore(self) -> None:
        with self.server.connected("postgres") as connection:
            connection.execute("CREATE DATABASE raw")
        self._program("pg_restore", "--jobs=2", str(self.folder / "dumps" / "raw"), database="raw")

    def _drop(self, database: str) -> None:
        with self.server.connected("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def _program(self, name: str, *arguments: str, database: str = DATABASE) -> None:
        address = self.server.address(database).get_secret_value()
        subprocess.run([str(PROGRAMS / name), f"--dbname={address}", *arguments], check=True)


@contextmanager
def _server(folder: Path) -> Iterator[Server]:
    folder.chmod(0o711)
    with EmbeddedPostgres(Home(folder / "home").ensure()) as postgres:
        url = SecretStr(postgres.ensure_database(DATABASE))
        yield Server(url, url)


def _fill(server: Server, size_mb: int) -> None:
    rows = size_mb * 1024 * 1024 // ROW_BYTES // len(TABLES)
    with server.connected() as connection:
        for table in TABLES:
            connection.execute(sql.SQL(TABLE).format(sql.Identifier(table)))
            connection.execute(sql.SQL(FILL).format(sql.Identifier(table), sql.Literal(rows)))
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


def _migrations(folder: Path) -> SqlFiles:
    folder.mkdir(parents=True)
    (folder / "0001_priority.up.sql").write_text(
        "ALTER TABLE entries ADD COLUMN priority int NOT NULL DEFAULT 0;"
    )
    (folder / "0001_priority.down.sql").write_text("ALTER TABLE entries DROP COLUMN priority;")
    return SqlFiles(kind="sql_files", folder=folder)


def _timed(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


def _figures(samples: list[dict[str, Any]], sizes_mb: tuple[int, ...]) -> dict[str, float]:
    """Ratios of the medians at each size, and the worst of the sizes; outages are the longest seen."""
    figures: dict[str, float] = {}
    for size in sizes_mb:
        here = [sample for sample in samples if sample["size_mb"] == size]
        middle = {key: statistics.median(sample[key] for sample in here) for key in here[0]}
        name = f"{size}mb" if size < 1000 else f"{size // 1000}gb"  # noqa: PLR2004 -- megabytes in a gigabyte
        figures[f"backup_ratio_{name}"] = middle["pg_dump_s"] / middle["backup_s"]
        figures[f"restore_ratio_{name}"] = middle["pg_restore_s"] / middle["restore_s"]
        figures[f"outage_{name}_s"] = max(sample["outage_s"] for sample in here)
        over = (middle["rehearsal_s"] - middle["steps_s"]) / middle["clone_s"] - 1
        figures[f"rehearsal_overhead_{name}"] = over
    for worst, of in ((min, "backup_ratio"), (min, "restore_ratio"), (max, "rehearsal_overhead")):
        figures[of] = worst(value for name, value in figures.items() if name.startswith(of))
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> None:
    """Measure, write the results, say them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES_MB), help="megabytes")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    recording = measure(tuple(options.sizes), options.rounds)
    bars = {name: value for name, value in recording.figures.items() if "ratio" in name}
    print(recording.write(bars, "of PostgreSQL's own programs alone (1 is as fast)"))
    for name, value in recording.figures.items():
        print(f"{name:28} {value:.3f}")


if __name__ == "__main__":
    main()
