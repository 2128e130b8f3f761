"""A backup restored beside the database in use, and looked at."""

import gzip
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.postgres import dump
from blocks.postgres.backups import listed
from blocks.postgres.catalog import schema_of
from blocks.postgres.programs import Programs
from blocks.postgres.restore import UNVERIFIED, restore
from blocks.postgres.server import Server
from blocks.postgres.swap import swap
from domain.database.backup import Backup
from domain.database.progress import Progress
from domain.errors import RestoreFailed
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import backed_up, customers, databases
from tests.blocks.postgres.shop import enlarge, fill, taken


@pytest.fixture
def backup(server: Server, programs: Programs, tmp_path: Path) -> Backup:
    return backed_up(server, programs, tmp_path / "backups")


def dumped(server: Server, programs: Programs, target: Path, *args: str) -> Backup:
    """What the runbooks' scripts make."""
    with target.open("wb") as file:
        programs.run("pg_dump", args, server.address(), stdout=file)
    if target.name.endswith(".gz"):
        target.write_bytes(gzip.compress(target.read_bytes()))
    return listed(target.parent)[0]


@pytest.mark.both_versions
def test_it_holds_what_the_backup_holds(
    postgres: Cluster, server: Server, programs: Programs, backup: Backup
) -> None:
    with server.connected() as connection:
        connection.execute("DELETE FROM customers WHERE id > 10")
        connection.execute("ALTER TABLE customers ADD phone text")
    restored = restore(server, programs, backup, smoke=["SELECT 1 FROM rich"])
    assert restored.verified
    assert restored.problems == []
    assert backup.manifest is not None
    assert restored.counts == backup.manifest.rows
    with server.connected(restored.database) as connection:
        assert schema_of(connection).digest() == backup.manifest.fingerprint
    assert customers(server) == 10
    assert databases(postgres, server) == {server.database: True, restored.database: True}


@pytest.mark.both_versions
@pytest.mark.parametrize("with_statistics", [True, False])
def test_its_planner_knows_its_tables(
    server: Server, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_statistics: bool
) -> None:
    monkeypatch.setattr(dump, "STATISTICS_SINCE", 180000 if with_statistics else 1_000_000)
    fill(server)
    with server.connected() as connection:
        connection.execute("ANALYZE customers")
    taken(server, programs, tmp_path)
    restored = restore(server, programs, listed(tmp_path)[0])
    with server.connected(restored.database) as connection:
        tables = connection.execute("SELECT reltuples FROM pg_class WHERE relname = 'customers'").fetchone()
        columns = connection.execute("SELECT count(*) FROM pg_stats WHERE tablename = 'customers'").fetchone()
    assert (tables, columns) == ((30.0,), (2,))


def test_until_it_is_swapped_in_nobody_changes_it_by_accident(
    server: Server, programs: Programs, backup: Backup
) -> None:
    beside = restore(server, programs, backup).database
    with server.connected(beside) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM customers")
    swap(server, beside)
    with server.connected() as connection:
        connection.execute("DELETE FROM customers")


def test_asked_twice_it_is_restored_once(
    postgres: Cluster, server: Server, programs: Programs, backup: Backup
) -> None:
    first = restore(server, programs, backup)
    again = restore(server, programs, backup)
    assert (again.database, again.counts, again.seconds) == (first.database, first.counts, 0.0)
    assert restore(server, programs, backup, into=first.database).database == first.database
    assert len(databases(postgres, server)) == 2


def test_one_that_was_changed_since_is_not_taken_for_the_backup(
    server: Server, programs: Programs, backup: Backup
) -> None:
    first = restore(server, programs, backup).database
    with server.connected(first) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("DELETE FROM customers")
    assert restore(server, programs, backup).database != first
    with pytest.raises(RestoreFailed, match="it is not overwritten"):
        restore(server, programs, backup, into=first)


@pytest.mark.both_versions
@pytest.mark.parametrize(("encoding", "number"), [("LATIN1", 8), ("SQL_ASCII", 0)])
def test_encoding_and_locale_are_the_originals(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path, encoding: str, number: int
) -> None:
    name = f"{server.database}_other"
    with server.connected() as connection:
        query = "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE 'C'"
        connection.execute(sql.SQL(query).format(sql.Identifier(name), sql.Literal(encoding)))
    url = SecretStr(make_conninfo(server.url.get_secret_value(), dbname=name))
    other = Server(url=url, owner_url=url)
    restored = restore(other, programs, backed_up(other, programs, tmp_path))
    kept = swap(other, restored.database).kept
    assert customers(other, kept) == 30
    with postgres.connect() as connection:
        rows = connection.execute(
            "SELECT DISTINCT encoding, datcollate, datctype FROM pg_database WHERE datname = ANY(%s)",
            [[name, kept]],
        ).fetchall()
    assert rows == [(number, "C", "C")]


def test_progress_goes_up_to_the_end(server: Server, programs: Programs, tmp_path: Path) -> None:
    fill(server)
    enlarge(server)
    manifest = taken(server, programs, tmp_path)
    seen: list[Progress] = []
    restore(server, programs, listed(tmp_path)[0], progress=seen.append)
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert seen[-1].done == seen[-1].total == sum(manifest.rows.values())
    assert len(seen) > 1


@pytest.mark.parametrize("name", ["jarvis.sql.gz", "aldeia.sql"])
def test_a_script_of_somebody_elses(server: Server, programs: Programs, tmp_path: Path, name: str) -> None:
    fill(server)
    restored = restore(server, programs, dumped(server, programs, tmp_path / name))
    assert not restored.verified
    assert restored.problems == [UNVERIFIED]
    assert restored.counts["public.customers"] == 30
    swap(server, restored.database)
    assert customers(server) == 30


def test_an_archive_of_somebody_elses(server: Server, programs: Programs, tmp_path: Path) -> None:
    fill(server)
    restored = restore(server, programs, dumped(server, programs, tmp_path / "night.dump", "--format=custom"))
    assert not restored.verified
    assert restored.counts["public.customers"] == 30


def test_a_script_that_would_leave_the_new_database(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    fill(server)
    script = tmp_path / "night.sql"
    backup = dumped(server, programs, script, "--clean")
    script.write_text(f"\\connect {server.database}\n{script.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(RestoreFailed, match="made with --create, it leaves the new database"):
        restore(server, programs, backup)
    assert customers(server) == 30
    assert databases(postgres, server) == {server.database: True}


def test_a_script_made_with_create(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    fill(server)
    backup = dumped(server, programs, tmp_path / "night.sql.gz", "--create", "--clean")
    with pytest.raises(RestoreFailed):
        restore(server, programs, backup)
    assert customers(server) == 30
    assert databases(postgres, server) == {server.database: True}


def test_objects_of_roles_that_do_not_exist_here(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    role = sql.Identifier(f"{server.database}_gone")
    with postgres.connect(server.database) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        connection.execute("CREATE TABLE orphans (id int)")
        connection.execute(sql.SQL("ALTER TABLE orphans OWNER TO {}").format(role))
        superuser = Server(
            url=SecretStr(postgres.url(server.database)), owner_url=SecretStr(postgres.url(server.database))
        )
        backup = backed_up(superuser, programs, tmp_path)
        with pytest.raises(RestoreFailed, match=r"objects of .*_gone"):
            restore(server, programs, backup)
        connection.execute("DROP TABLE orphans")
        connection.execute(sql.SQL("DROP ROLE {}").format(role))
    restored = restore(server, programs, backup)
    assert restored.counts["public.orphans"] == 0
    with server.connected(restored.database) as connection:
        row = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'orphans'").fetchone()
    assert row == (f"{server.database}_owner",)


@pytest.mark.both_versions
def test_owners_and_rights_are_kept(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    app = sql.Identifier(f"{server.database}_app")
    owner = sql.Identifier(f"{server.database}_owner")
    with postgres.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(app))
        connection.execute(sql.SQL("GRANT {} TO {}").format(app, owner))
    with server.connected() as connection:
        connection.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(server.database), app)
        )
        connection.execute(sql.SQL("CREATE SCHEMA own AUTHORIZATION {}").format(app))
        connection.execute("CREATE TABLE own.notes (id int)")
        connection.execute(sql.SQL("ALTER TABLE own.notes OWNER TO {}").format(app))
    restored = restore(server, programs, backed_up(server, programs, tmp_path))
    with server.connected(restored.database) as connection:
        row = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'notes'").fetchone()
    assert row == (f"{server.database}_app",)
    with postgres.connect() as connection:
        for name in (server.database, restored.database):
            with postgres.connect(name) as inside:
                inside.execute("SET default_transaction_read_only = off")
                inside.execute(sql.SQL("DROP OWNED BY {}").format(app))
        connection.execute(sql.SQL("DROP ROLE {}").format(app))
