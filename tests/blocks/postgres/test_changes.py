"""What the adapter adds to the acts that it puts together."""

from pathlib import Path

import psycopg
import pytest

from blocks.migrations.sql_files import SqlFiles
from blocks.postgres.changes import PostgresChanges
from blocks.postgres.programs import Programs
from blocks.postgres.server import Connection, Server
from domain.database.retention import Retention
from domain.errors import DatabaseUnreachable, ExportFailed
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.shop import CUSTOMERS, fill
from tests.blocks.postgres.steps import story


@pytest.fixture
def changes(server: Server, programs: Programs, tmp_path: Path) -> PostgresChanges:
    fill(server)
    return PostgresChanges(
        application="shop/production", server=server, programs=programs, folder=tmp_path / "backups",
        retention=Retention(last=1, daily=0, weekly=0), jobs=2, drain_s=5,
    )  # fmt: skip


def test_a_backup_is_verified_and_retention_follows(changes: PostgresChanges) -> None:
    changes.back_up("first")
    made = changes.back_up("second")
    assert made.verified
    assert [backup.name for backup in changes.backups()] == [made.name]


@pytest.mark.both_versions
def test_a_swap_is_told_by_what_it_left(changes: PostgresChanges, tmp_path: Path) -> None:
    beside = changes.beside(changes.back_up("manual"))
    assert beside.verified
    assert beside.rows["public.customers"] == CUSTOMERS
    assert changes.swapped(beside.database) is None
    done = changes.swap(beside.database)
    told = changes.swapped(beside.database)
    assert told is not None
    assert told.kept == done.kept == changes.kept()[0]
    assert changes.swapped("never_there") is None
    (tmp_path / "file").touch()
    with pytest.raises(ExportFailed, match=done.kept):
        changes.export(done.kept, tmp_path / "file" / "folder")


def test_rows_that_a_restore_takes_out_are_counted_in_words(changes: PostgresChanges, server: Server) -> None:
    backup = changes.back_up("manual")
    with server.connected() as connection:
        connection.execute("INSERT INTO customers (email) VALUES ('new@example.com')")
        connection.execute("UPDATE customers SET email = 'changed@example.com' WHERE id = 1")
    [missing] = changes.beside(backup).missing
    assert (missing.table, missing.rows) == ("public.customers", 2)
    assert missing.what == "1 written since, 1 changed since"


def test_only_migrations_write_while_writes_are_stopped(
    server: Server, programs: Programs, tmp_path: Path
) -> None:
    migrations = story(server, tmp_path, "ALTER TABLE users ADD phone text;", "ALTER TABLE users DROP phone;")
    changes = PostgresChanges(
        application="shop/production", server=server, programs=programs, folder=tmp_path, retention=Retention(),
        jobs=1, drain_s=5, migrations=SqlFiles(folder=migrations.migrations.folder),
    )  # fmt: skip
    with changes.stopped_writes():
        with server.connected() as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM users")
        assert changes.down("0001") == ["0002"]
    with server.connected() as connection:
        connection.execute("DELETE FROM users WHERE id = 100")


def test_a_line_that_breaks_in_the_middle_is_told_as_no_connection(
    changes: PostgresChanges, postgres: Cluster, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection: Connection) -> dict[str, int]:
        with postgres.connect() as superuser:
            ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            superuser.execute(ending, [server.database])
        connection.execute("SELECT 1")
        return {}

    monkeypatch.setattr("blocks.postgres.changes.row_counts", broken)
    with pytest.raises(DatabaseUnreachable):
        changes.rows()


def test_one_restored_under_a_name_of_its_own_leaves_what_was_restored_before(
    changes: PostgresChanges,
) -> None:
    backup = changes.back_up("manual")
    before = changes.beside(backup).database
    assert changes.beside(backup).database == before, "what is finished is taken"
    name = changes.name_beside()
    assert changes.beside(backup, into=name).database == name != before
    assert changes.discard(name)
    assert changes.beside(backup).database == before
