"""Backups that cannot be made: a clear error, and nothing left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.postgres import dump
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.errors import BackupFailed, DatabaseUnreachable, ProgramUnfit
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.dumping import SETTLED, dumping, in_background, leader, names, writes_data
from tests.blocks.postgres.shop import enlarge, fill, taken
from tests.blocks.waiting import wait_until

CHECKOUT = Path(__file__).parents[3]
MAKER = "tests.blocks.postgres.backup_child"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def test_a_wrong_password_is_told_before_anything_is_made(
    server: Server, programs: Programs, folder: Path
) -> None:
    wrong = SecretStr(make_conninfo(server.owner_url.get_secret_value(), password="Wr0ng-secret"))
    with pytest.raises(DatabaseUnreachable, match="password authentication failed") as raised:
        taken(Server(url=wrong, owner_url=wrong), programs, folder)
    assert "Wr0ng-secret" not in str(raised.value)
    assert names(folder) == set()


def test_a_server_that_is_down_is_told_before_anything_is_made(
    programs: Programs, folder: Path, tmp_path: Path
) -> None:
    nobody = SecretStr(make_conninfo("", host=str(tmp_path), dbname="shop", user="shop"))
    with pytest.raises(DatabaseUnreachable, match="does not answer"):
        taken(Server(url=nobody, owner_url=nobody), programs, folder)
    assert names(folder) == set()


def test_a_program_older_than_the_server_is_refused(server: Server, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.22'\n", encoding="ascii")
    (old / "pg_dump").chmod(0o755)
    with pytest.raises(ProgramUnfit, match=r"pg_dump 12\.22 is too old"):
        taken(server, Programs(folder=old), folder)
    assert names(folder) == set()


@pytest.mark.both_versions
def test_a_dump_that_is_killed_half_way_leaves_nothing(
    server: Server, programs: Programs, folder: Path
) -> None:
    enlarge(server)
    with in_background(server, programs, folder) as raised:
        wait_until(lambda: writes_data(folder), "the dump to write")
        os.kill(leader(folder), signal.SIGKILL)
    assert "signal 9" in str(raised[0])
    assert names(folder) == SETTLED
    assert dumping(folder) == {}  # its workers do not go on without it


def test_a_worker_that_is_killed_half_way_leaves_nothing(
    server: Server, programs: Programs, folder: Path
) -> None:
    enlarge(server)
    with in_background(server, programs, folder) as raised:
        wait_until(lambda: writes_data(folder), "the dump to write")
        os.kill(next(iter(dumping(folder).keys() - {leader(folder)})), signal.SIGKILL)
    assert "worker process died" in str(raised[0])
    assert names(folder) == SETTLED


def test_a_server_that_ends_our_sessions_half_way_leaves_nothing(
    server: Server, postgres: Cluster, programs: Programs, folder: Path
) -> None:
    enlarge(server)
    with in_background(server, programs, folder) as raised:
        wait_until(lambda: writes_data(folder), "the dump to write")
        with postgres.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [server.database]
            )
    assert isinstance(raised[0], BackupFailed)
    assert names(folder) == SETTLED


def test_a_full_disk_is_told_and_leaves_nothing(server: Server, programs: Programs, tiny_disk: Path) -> None:
    enlarge(server)
    with pytest.raises(BackupFailed, match="No space left on device") as raised:
        taken(server, programs, tiny_disk)
    assert "nothing was changed" in str(raised.value)
    assert names(tiny_disk) == SETTLED


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk here: {mounted.stderr.decode()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_cannot_be_made_is_told(server: Server, programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BackupFailed, match="file"):
        taken(server, programs, tmp_path / "file" / "backups")


def test_a_table_that_may_not_be_read_fails_it(
    server: Server, postgres: Cluster, programs: Programs, folder: Path
) -> None:
    with postgres.connect(server.database) as connection:
        connection.execute("CREATE TABLE secret (id int)")
    with pytest.raises(BackupFailed, match="permission denied for table secret"):
        taken(server, programs, folder)
    assert names(folder) == SETTLED


def test_a_table_that_stays_locked_fails_it(
    server: Server, programs: Programs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump, "LOCK_WAIT_S", 1)
    fill(server)
    with server.connected(autocommit=False) as migration:
        migration.execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(BackupFailed, match=r"lock|canceling statement"):
            taken(server, programs, folder)
    assert names(folder) == SETTLED


def test_what_a_killed_maker_left_is_swept(
    server: Server, postgres: Cluster, programs: Programs, folder: Path
) -> None:
    enlarge(server)
    given = f"{server.owner_url.get_secret_value()}\n{postgres.programs}\n{folder}"
    maker = subprocess.Popen([sys.executable, "-m", MAKER], cwd=CHECKOUT, stdin=subprocess.PIPE, text=True)
    assert maker.stdin
    with maker.stdin as stdin:
        stdin.write(given)
    wait_until(lambda: writes_data(folder), "the dump to write")
    maker.kill()
    maker.wait()
    made = taken(server, programs, folder)
    assert names(folder) == {made.name, *SETTLED}
    wait_until(lambda: not dumping(folder), "the orphan to end: its folder is gone")
