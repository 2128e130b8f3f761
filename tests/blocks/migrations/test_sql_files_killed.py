"""`sql_files`, killed: the process is ended while the server makes an index or waits for a lock that the test holds."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.errors import MigrationRunning, SchemaDirty
from tests.blocks.migrations.shop import GATE, waits_at_the_gate
from tests.blocks.migrations.test_sql_files_records import rows, run
from tests.blocks.migrations.test_sql_files_scripts import INDEXES, shop
from tests.blocks.waiting import wait_until


@pytest.mark.parametrize("form", [pytest.param("rows", marks=pytest.mark.both_versions), "one_row"])
@pytest.mark.parametrize(
    "down",
    ["CREATE INDEX CONCURRENTLY made ON users (email)", "DROP INDEX CONCURRENTLY old"],
    ids=["create", "drop"],
)
def test_an_interrupted_index_is_finished_the_next_time(
    server: Server, tmp_path: Path, down: str, form: str
) -> None:
    adapter = shop(
        tmp_path,
        "CREATE INDEX old ON users (email)",
        f"{down}; TRUNCATE users",
        new_record=form,
    )
    adapter.up(server)
    run(server, "INSERT INTO users VALUES (1, 'a')")
    with server.connected(autocommit=False) as reader:
        reader.execute("UPDATE users SET email = 'b'")
        _killed_in(server, tmp_path, "CONCURRENTLY")
        wait_until(lambda: not _runs(server, "CONCURRENTLY"), "the server to notice that its client is gone")
    assert adapter.status(server).applied == ["1", "2"]
    assert [step.version for step in adapter.plan_down(server, "1")] == ["2"]
    with pytest.raises(SchemaDirty):
        adapter.up(server)
    assert adapter.down(server, "1") == ["2"]
    made = [("made", True), ("old", True)] if "made" in down else []
    assert rows(server, INDEXES) == made
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]
    status = adapter.status(server)
    assert (status.applied, status.dirty) == (["1"], None)


def test_a_file_that_was_changed_meanwhile_is_not_gone_on_with(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT 1", "CREATE INDEX CONCURRENTLY made ON users (email)")
    adapter.up(server)
    with server.connected(autocommit=False) as reader:
        reader.execute("LOCK users IN ROW EXCLUSIVE MODE")
        _killed_in(server, tmp_path, "CONCURRENTLY")
        wait_until(lambda: not _runs(server, "CONCURRENTLY"), "the server to notice that its client is gone")
    (tmp_path / "2_change.down.sql").write_text("CREATE INDEX CONCURRENTLY other ON users (email)")
    with pytest.raises(SchemaDirty, match="it was killed, or the server was"):
        adapter.down(server, "1")


@pytest.mark.both_versions
def test_the_server_stops_a_killed_clients_step_by_itself(server: Server, tmp_path: Path) -> None:
    held = f"SELECT pg_advisory_xact_lock({GATE})"
    adapter = shop(tmp_path, "SELECT 1", f"TRUNCATE users; {held}")
    adapter.up(server)
    run(server, "INSERT INTO users VALUES (1, 'a')")
    with server.connected() as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
        _killed_in(server, tmp_path, "pg_advisory_xact_lock")
        wait_until(lambda: not waits_at_the_gate(server), "the server to notice that its client is gone")
    assert rows(server, "SELECT count(*) FROM users") == [(1,)]
    wait_until(lambda: _down(adapter, server) is not None, "the lock to be free")
    assert adapter.status(server).applied == ["1"]


def _down(adapter: Migrations, server: Server) -> list[str] | None:
    try:
        return adapter.down(server, "1")
    except MigrationRunning:
        return None


def _killed_in(server: Server, folder: Path, statement: str) -> None:
    """Go down to 1 in a process of its own, and kill it in that statement."""
    order = {
        "settings": {"kind": "sql_files", "folder": str(folder)},
        "url": server.owner_url.get_secret_value(),
        "to": "1",
    }
    argv = [sys.executable, "-m", "tests.blocks.migrations.child"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, text=True) as child:
        assert child.stdin
        json.dump(order, child.stdin)
        child.stdin.close()
        wait_until(lambda: _runs(server, statement, waiting=True), statement)
        child.kill()


def _runs(server: Server, statement: str, *, waiting: bool = False) -> bool:
    """Whether another session is in such a statement; `waiting`: and waits for a lock there."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active'"
        " AND datname = current_database() AND query LIKE %s AND (NOT %s OR wait_event_type = 'Lock')"
    )
    with psycopg.connect(server.owner_url.get_secret_value()) as connection:
        return connection.execute(query, [f"%{statement}%", waiting]).fetchone() != (0,)
