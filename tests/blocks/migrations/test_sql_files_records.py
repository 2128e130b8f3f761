"""`sql_files` on records that other tools wrote: read as they are, kept as they are."""

import zlib
from pathlib import Path
from typing import Any, LiteralString

import pytest

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.errors import ConfigurationError, MigrationRunning, NoDownStep, SchemaDirty
from tests.blocks.migrations.contract import migrations
from tests.blocks.migrations.shop import SHOP, relations
from tests.blocks.migrations.sql_pairs import write_pairs

GOLANG: LiteralString = (
    "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"
)
VERSIONS: LiteralString = "SELECT version::text FROM schema_migrations ORDER BY 1"


def run(server: Server, *statements: LiteralString) -> None:
    with server.connected() as connection:
        for statement in statements:
            connection.execute(statement)


def rows(server: Server, query: LiteralString) -> list[tuple[Any, ...]]:
    with server.connected() as connection:
        return connection.execute(query).fetchall()


def pairs(folder: Path, **more: Any) -> Migrations:
    write_pairs(folder, SHOP)
    return migrations({"kind": "sql_files", "folder": str(folder), **more})


def at_11(server: Server, *record: LiteralString) -> None:
    """The shop as another tool has brought it here."""
    run(server, *(change.up for change in SHOP), *record)


def test_golang_migrates_row_is_read_and_written(server: Server, tmp_path: Path) -> None:
    at_11(server, GOLANG, "INSERT INTO schema_migrations VALUES (11, false)")
    adapter = pairs(tmp_path)
    assert adapter.status(server).applied == ["9", "10", "11"]
    adapter.down(server, "10")
    assert rows(server, "SELECT * FROM schema_migrations") == [(10, False)]
    adapter.down(server, None)
    assert rows(server, "SELECT * FROM schema_migrations") == []
    adapter.up(server)
    assert rows(server, "SELECT * FROM schema_migrations") == [(11, False)]


@pytest.mark.parametrize(("version", "shown"), [(11, "11"), (-1, "-1")])
def test_golang_migrates_dirty_row_is_explained(
    server: Server, tmp_path: Path, version: int, shown: str
) -> None:
    at_11(server, GOLANG)
    with server.connected() as connection:
        connection.execute("INSERT INTO schema_migrations VALUES (%s, true)", [version])
    adapter = pairs(tmp_path)
    assert adapter.status(server).dirty == shown
    for act in (adapter.up, lambda there: adapter.plan_down(there, None)):
        with pytest.raises(SchemaDirty, match="migrate force VERSION") as dirty:
            act(server)
        assert dirty.value.version == shown
    assert "orders.id" in relations(server)


def test_golang_migrates_own_lock_is_respected(server: Server, tmp_path: Path) -> None:
    at_11(server, GOLANG, "INSERT INTO schema_migrations VALUES (11, false)")
    name = f"/{server.database}\0public\0schema_migrations"
    key = zlib.crc32(name.encode()) * 1486364155 % 2**32
    with server.connected() as theirs:
        theirs.execute("SELECT pg_advisory_lock(%s::bigint)", [key])
        with pytest.raises(MigrationRunning):
            pairs(tmp_path).down(server, "10")
    assert "orders.id" in relations(server)


def test_two_rows_are_not_golang_migrates(server: Server, tmp_path: Path) -> None:
    run(server, GOLANG, "INSERT INTO schema_migrations VALUES (9, false), (10, false)")
    with pytest.raises(ConfigurationError, match="has 2 rows, and golang-migrate writes one"):
        pairs(tmp_path).status(server)


FILES = ["9_users.up.sql", "10_phone.up.sql", "11_orders.up.sql"]


@pytest.mark.parametrize(
    ("columns", "insert", "written", "added"),
    [
        ("version varchar(128) PRIMARY KEY", "INSERT INTO schema_migrations VALUES (%s)", ["9", "10", "11"], ["10", "11"]),
        ("version int, applied_at timestamptz DEFAULT now()", "INSERT INTO schema_migrations VALUES (%s)", ["9", "10", "11"], ["10", "11"]),
        ("version text, at timestamp NOT NULL", "INSERT INTO schema_migrations VALUES (%s, now())", [file[:-7] for file in FILES], ["10_phone", "11_orders"]),
        ("version text, name text NOT NULL", "INSERT INTO schema_migrations VALUES (%s, 'x')", FILES, FILES[1:]),
        ("version text", "INSERT INTO schema_migrations VALUES (%s)", ["0009", "0010", "0011"], ["10", "11"]),
    ],
    ids=["dbmate", "numbers", "names", "files", "padded otherwise"],
)  # fmt: skip
def test_rows_keep_their_spelling(
    server: Server,
    tmp_path: Path,
    columns: LiteralString,
    insert: LiteralString,
    written: list[str],
    added: list[str],
) -> None:
    at_11(server, f"CREATE TABLE schema_migrations ({columns})")
    with server.connected() as connection:
        for version in written:
            connection.execute(insert, [version])
    adapter = pairs(tmp_path)
    assert adapter.status(server).applied == ["9", "10", "11"]
    assert adapter.down(server, "9") == ["11", "10"]
    assert [row[0] for row in rows(server, VERSIONS)] == written[:1]
    assert adapter.up(server) == ["10", "11"]
    assert {row[0] for row in rows(server, VERSIONS)} == {written[0], *added}


def test_a_column_that_nobody_told_us_of_is_refused_and_nothing_stays(server: Server, tmp_path: Path) -> None:
    run(server, "CREATE TABLE schema_migrations (version text, team int NOT NULL)")
    with pytest.raises(ConfigurationError, match="its column team"):
        pairs(tmp_path).up(server)
    assert relations(server) == set()


def test_the_record_may_have_another_name_and_schema(server: Server, tmp_path: Path) -> None:
    run(server, "CREATE SCHEMA ops")
    adapter = pairs(tmp_path, table="ops.applied")
    adapter.up(server)
    assert rows(server, "SELECT count(*) FROM ops.applied") == [(3,)]
    assert adapter.down(server, "10") == ["11"]


def test_a_table_without_versions_is_no_record(server: Server, tmp_path: Path) -> None:
    run(server, "CREATE TABLE schema_migrations (name text)")
    with pytest.raises(ConfigurationError, match=r"public\.schema_migrations has no column version"):
        pairs(tmp_path).status(server)


def test_an_applied_version_without_a_file_has_no_way_down(server: Server, tmp_path: Path) -> None:
    adapter = pairs(tmp_path)
    adapter.up(server)
    run(server, "INSERT INTO schema_migrations (version) VALUES ('12')")
    assert adapter.status(server).unknown == ["12"]
    with pytest.raises(NoDownStep, match="which has no file of 12"):
        adapter.down(server, "10")


def test_a_releases_rollback_file_undoes_what_it_brought(server: Server, tmp_path: Path) -> None:
    for change in SHOP:
        (tmp_path / f"{change.number}_{change.name}.sql").write_text(change.up)
    (tmp_path / "rollback_v1.2.sql").write_text("DROP TABLE orders; ALTER TABLE users DROP COLUMN phone;")
    adapter = migrations({"kind": "sql_files", "folder": str(tmp_path)})
    adapter.up(server)
    with pytest.raises(NoDownStep, match=r"11_orders\.down\.sql"):
        adapter.plan_down(server, "9", release="v1.1")
    (step,) = adapter.plan_down(server, "9", release="v1.2")
    assert (step.name, step.source) == ("rollback_v1.2", str(tmp_path / "rollback_v1.2.sql"))
    assert adapter.down(server, "9", release="v1.2") == ["11", "10"]
    assert adapter.status(server).applied == ["9"]
    assert relations(server) == {"users.id", "users.email"}
