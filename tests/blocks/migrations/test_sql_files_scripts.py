"""`sql_files` and what scripts do: transactions of their own, indexes made concurrently, settings left behind."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.errors import MigrationRunning, SchemaDirty, StepFailed
from tests.blocks.migrations.contract import migrations
from tests.blocks.migrations.shop import GATE, waits_at_the_gate
from tests.blocks.migrations.test_sql_files_records import rows, run
from tests.blocks.waiting import wait_until

INDEXES: LiteralString = (
    "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = to_regclass('users')"
    " AND NOT indisprimary ORDER BY 1"
)
FUNCTION = """
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  NEW.email := lower(NEW.email); -- it's done; really
  RETURN NEW;
END;
$body$;
CREATE TRIGGER stamp BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO users VALUES (1, 'A;B');
"""


def shop(folder: Path, up: str, down: str, **more: Any) -> Migrations:
    """Version 2 beside a first one that makes the table."""
    files = {
        "1_users.up.sql": "CREATE TABLE users (id int PRIMARY KEY, email text)",
        "1_users.down.sql": "DROP TABLE users",
        "2_change.up.sql": up,
        "2_change.down.sql": down,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return migrations({"kind": "sql_files", "folder": str(folder), **more})


def test_functions_and_many_statements(server: Server, tmp_path: Path) -> None:
    adapter = shop(
        tmp_path, FUNCTION, "DROP TRIGGER stamp ON users; DROP FUNCTION stamp(); DELETE FROM users;"
    )
    adapter.up(server)
    assert rows(server, "SELECT email FROM users") == [("a;b",)]
    assert adapter.down(server, "1") == ["2"]
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]


def test_a_files_own_transaction_is_one_with_the_record(server: Server, tmp_path: Path) -> None:
    down = "BEGIN;\nDELETE FROM users;\nSELECT no_such_function();\nCOMMIT;\n"
    adapter = shop(tmp_path, "BEGIN; INSERT INTO users VALUES (1, 'a'); COMMIT;", down)
    adapter.up(server)
    with pytest.raises(StepFailed) as failed:
        adapter.down(server, "1")
    assert f"{tmp_path}/2_change.down.sql line 3: SELECT no_such_function(): " in failed.value.why
    assert failed.value.left == "nothing of it is left; applied now: 1, 2"
    assert rows(server, "SELECT count(*) FROM users") == [(1,)]
    assert adapter.status(server).dirty is None


def test_what_a_constraint_says_at_the_commit_leaves_nothing(server: Server, tmp_path: Path) -> None:
    up = "ALTER TABLE users ADD UNIQUE (email) DEFERRABLE INITIALLY DEFERRED; INSERT INTO users VALUES (1, 'a'), (2, 'a')"
    adapter = shop(tmp_path, up, "SELECT 1")
    with pytest.raises(StepFailed, match="duplicate key") as failed:
        adapter.up(server)
    assert "a)" not in failed.value.why
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]
    assert adapter.status(server).applied == ["1"]


def test_what_a_script_sets_is_not_for_the_next(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT set_config('search_path', '', false)", "SET search_path TO ''; SELECT 1")
    assert adapter.up(server) == ["1", "2"]
    assert adapter.down(server, None) == ["2", "1"]


def test_who_stands_in_the_way_of_a_drop_is_named(server: Server, tmp_path: Path) -> None:
    adapter = shop(
        tmp_path, "CREATE VIEW mails AS SELECT email FROM users", "ALTER TABLE users DROP COLUMN email"
    )
    adapter.up(server)
    with pytest.raises(StepFailed, match="view mails depends on column email of table users"):
        adapter.down(server, "1")


def test_a_lock_is_not_waited_for_long(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT 1", "ALTER TABLE users DROP COLUMN email", lock_timeout_s=0.1)
    adapter.up(server)
    with server.connected(autocommit=False) as reader:
        reader.execute("SELECT * FROM users")
        with pytest.raises(StepFailed, match="lock timeout") as failed:
            adapter.down(server, "1")
    assert failed.value.left == "nothing of it is left; applied now: 1, 2"


def test_copy_from_stdin_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "INSERT INTO users VALUES (1, 'a'); COPY users FROM stdin;", "SELECT 1")
    with pytest.raises(StepFailed, match="COPY"):
        adapter.up(server)
    assert rows(server, "SELECT count(*) FROM users") == [(0,)]


def test_indexes_are_made_and_dropped_concurrently(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "CREATE INDEX CONCURRENTLY i ON users (email)", "DROP INDEX CONCURRENTLY i")
    assert adapter.up(server) == ["1", "2"]
    assert rows(server, INDEXES) == [("i", True)]
    (step,) = adapter.plan_down(server, "1")
    assert not step.transactional
    assert adapter.down(server, "1") == ["2"]
    assert rows(server, INDEXES) == []
    assert rows(server, "SELECT obj_description('schema_migrations'::regclass)") == [(None,)]


@pytest.mark.parametrize("form", ["rows", "one_row"])
def test_an_index_that_breaks_off_is_marked_and_explained(server: Server, tmp_path: Path, form: str) -> None:
    down = "DELETE FROM users WHERE id = 3;\nCREATE UNIQUE INDEX CONCURRENTLY once ON users (email);"
    adapter = shop(tmp_path, "SELECT 1", down, new_record=form)
    adapter.up(server)
    run(
        server,
        "INSERT INTO users VALUES (1, 'a'), (2, 'a'), (3, 'c')",
        "COMMENT ON TABLE schema_migrations IS 'ours'",
    )
    with pytest.raises(StepFailed) as failed:
        adapter.down(server, "1")
    assert "line 2: CREATE UNIQUE INDEX CONCURRENTLY once" in failed.value.why
    assert failed.value.left.startswith("1 of its 2 statements ran outside a transaction and stay")
    assert "left INVALID: index once" in failed.value.left
    assert rows(server, INDEXES) == [("once", False)]
    assert adapter.status(server).dirty == "2"
    with pytest.raises(SchemaDirty, match="broke off in statement 2 of 2") as dirty:
        adapter.plan_down(server, "1")
    assert dirty.value.version == "2"
    assert rows(server, "SELECT count(*) FROM users") == [(2,)]


def test_the_mark_is_cleared_as_it_says_and_the_step_runs_again(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, "SELECT 1", "CREATE UNIQUE INDEX CONCURRENTLY once ON users (email);")
    adapter.up(server)
    run(server, "INSERT INTO users VALUES (1, 'a'), (2, 'a')")
    with pytest.raises(
        StepFailed, match=r"clear it with `COMMENT ON TABLE public\.schema_migrations IS NULL`"
    ):
        adapter.down(server, "1")
    run(
        server,
        "DELETE FROM users WHERE id = 2",
        "DROP INDEX CONCURRENTLY once",
        "COMMENT ON TABLE public.schema_migrations IS NULL",
    )
    assert adapter.down(server, "1") == ["2"]


def test_pieces_with_transactions_of_their_own_run_as_they_are(server: Server, tmp_path: Path) -> None:
    down = (
        "BEGIN; INSERT INTO users VALUES (1, 'a'); COMMIT;"
        "BEGIN; INSERT INTO users VALUES (2, 'b'); SELECT no_such_function(); COMMIT;"
    )
    adapter = shop(tmp_path, "SELECT 1", down)
    adapter.up(server)
    with pytest.raises(StepFailed, match="no_such_function"):
        adapter.down(server, "1")
    assert rows(server, "SELECT id FROM users") == [(1,)]
    assert adapter.status(server).dirty == "2"


class TestKilled:
    """The process is killed while the server makes an index, which waits for a transaction that the test holds open."""

    @pytest.mark.parametrize("form", ["rows", "one_row"])
    @pytest.mark.parametrize(
        "down",
        ["CREATE INDEX CONCURRENTLY made ON users (email)", "DROP INDEX CONCURRENTLY old"],
        ids=["create", "drop"],
    )
    def test_an_interrupted_index_is_finished_the_next_time(
        self, server: Server, tmp_path: Path, down: str, form: str
    ) -> None:
        adapter = shop(
            tmp_path,
            "CREATE INDEX old ON users (email)",
            "; ".join([down, "DELETE FROM users"]),
            new_record=form,
        )
        adapter.up(server)
        run(server, "INSERT INTO users VALUES (1, 'a')")
        with server.connected(autocommit=False) as reader:
            reader.execute("UPDATE users SET email = 'b'")
            _killed_in(server, tmp_path, "CONCURRENTLY")
            wait_until(
                lambda: not _runs(server, "CONCURRENTLY"), "the server to notice that its client is gone"
            )
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

    def test_a_file_that_was_changed_meanwhile_is_not_gone_on_with(
        self, server: Server, tmp_path: Path
    ) -> None:
        adapter = shop(tmp_path, "SELECT 1", "CREATE INDEX CONCURRENTLY made ON users (email)")
        adapter.up(server)
        with server.connected(autocommit=False) as reader:
            reader.execute("LOCK users IN ROW EXCLUSIVE MODE")
            _killed_in(server, tmp_path, "CONCURRENTLY")
            wait_until(
                lambda: not _runs(server, "CONCURRENTLY"), "the server to notice that its client is gone"
            )
        (tmp_path / "2_change.down.sql").write_text("CREATE INDEX CONCURRENTLY other ON users (email)")
        with pytest.raises(SchemaDirty, match="it was killed, or the server was"):
            adapter.down(server, "1")

    def test_the_server_stops_a_killed_clients_step_by_itself(self, server: Server, tmp_path: Path) -> None:
        held = f"SELECT pg_advisory_xact_lock({GATE})"
        adapter = shop(tmp_path, "SELECT 1", "; ".join(["DELETE FROM users", held]))
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
