"""Backups of real databases: whole, closed to others, and of one moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from psycopg import sql

from blocks.postgres.catalog import row_counts, schema_of
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.progress import Progress
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.dumping import SETTLED, command_lines, dumping, names
from tests.blocks.postgres.shop import CUSTOMERS, ORDERS, enlarge, fill, taken

PASSWORD_PART = "pass:word"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.mark.both_versions
def test_a_backup_says_what_it_holds(
    server: Server, postgres: Cluster, programs: Programs, folder: Path
) -> None:
    fill(server)
    made = taken(server, programs, folder, "pre-migration")
    with server.connected() as connection:
        fingerprint = schema_of(connection).digest()
    assert made.rows == {
        "public.customers": CUSTOMERS,
        'public."Odd ""orders"': ORDERS,
        "public.visits_old": 2,
    }
    assert made.fingerprint == fingerprint
    assert (made.application, made.release, made.schema_version) == ("shop/production", "1.4.0", "0003")
    assert made.server_version.startswith(f"{postgres.major}.")
    assert made.dumped_with.startswith(f"{postgres.major}.")
    assert made.started <= made.ended
    assert names(folder) == {made.name, *SETTLED}
    assert made.name.startswith(f"{server.database}-pre-migration-2")
    assert set(made.checksums) == names(folder / made.name) - {"manifest.json"}


def test_a_backup_is_closed_to_others(server: Server, programs: Programs, folder: Path) -> None:
    made = taken(server, programs, folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / made.name).stat().st_mode & 0o077 == 0
    assert (folder / made.name / "manifest.json").stat().st_mode & 0o077 == 0


@pytest.mark.both_versions
def test_it_restores_to_what_the_manifest_says(server: Server, programs: Programs, folder: Path) -> None:
    fill(server)
    made = taken(server, programs, folder)
    copy = f"{server.database}_copy"
    with server.connected("postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(copy)))
    programs.run("pg_restore", ["--jobs=2", "--exit-on-error", str(folder / made.name)], server.address(copy))
    with server.connected(copy) as connection:
        assert row_counts(connection) == made.rows
        assert schema_of(connection).digest() == made.fingerprint


def test_the_counts_are_those_of_the_dump_while_a_writer_keeps_inserting(
    server: Server, programs: Programs, folder: Path
) -> None:
    enlarge(server, 20_000)
    stop = threading.Event()

    def write() -> int:
        written = 0
        with server.connected() as connection:
            while not stop.is_set():
                connection.execute(
                    "INSERT INTO events SELECT coalesce(max(id), 0) + 1, 'written meanwhile' FROM events"
                )
                written += 1
        return written

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        made = [taken(server, programs, folder) for _time in range(3)]
        stop.set()
        assert writer.result() > 0
    for manifest in made:
        assert dumped_rows(programs, folder / manifest.name, "events") == manifest.rows["public.events"]


def dumped_rows(programs: Programs, backup: Path, table: str) -> int:
    """Lines of a table's COPY in the dump."""
    lines: list[str] = []
    programs.run(
        "pg_restore", ["--data-only", f"--table={table}", "--file=-", str(backup)], None, on_line=lines.append
    )
    start = next(number for number, line in enumerate(lines) if line.startswith("COPY "))
    return lines.index("\\.", start) - start - 1


def test_two_backups_of_one_second_both_stay(server: Server, programs: Programs, folder: Path) -> None:
    fill(server)
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _number: taken(server, programs, folder), range(3)))
    assert len({manifest.name for manifest in made}) == 3
    assert names(folder) == {*(manifest.name for manifest in made), *SETTLED}


def test_a_role_s_time_limits_do_not_end_it(
    server: Server, postgres: Cluster, programs: Programs, folder: Path
) -> None:
    enlarge(server, 50_000)
    owner = sql.Identifier(f"{server.database}_owner")
    with postgres.connect() as connection:
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(sql.SQL("ALTER ROLE {} SET {} = '50ms'").format(owner, sql.Identifier(limit)))
    assert taken(server, programs, folder).rows == {"public.events": 50_000}


def test_progress_only_grows_and_ends_with_every_row(
    server: Server, programs: Programs, folder: Path
) -> None:
    enlarge(server)
    seen: list[Progress] = []
    taken(server, programs, folder, progress=seen.append)
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert all(step.done <= step.total for step in seen)
    assert (seen[-1].done, seen[-1].total) == (200_000, 200_000)


def test_the_password_is_in_no_command_line(server: Server, programs: Programs, folder: Path) -> None:
    enlarge(server)
    running: list[dict[int, str]] = []
    told: list[dict[int, str]] = []

    def look(_progress: Progress) -> None:
        running.append(dumping(folder))
        told.append(command_lines(PASSWORD_PART))

    taken(server, programs, folder, progress=look)
    assert any(running)
    assert not any(told)


def test_a_password_in_the_environment_does_not_win(
    server: Server, programs: Programs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "another one")
    assert taken(server, programs, folder).name in names(folder)
