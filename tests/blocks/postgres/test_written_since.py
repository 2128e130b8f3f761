"""Rows that one database holds and the other does not: found exactly, and exported so that they can be loaded again."""

import csv
import random
from collections import Counter
from pathlib import Path

import pytest
from psycopg import sql

from blocks.postgres import row_differences
from blocks.postgres.server import Server
from blocks.postgres.written_since import INDEX, Index, count, export
from domain.database.swap import Written
from domain.errors import DatabaseUnreachable, EvidenceNotKept
from tests.blocks.postgres.cluster import Cluster


@pytest.fixture(autouse=True)
def _filled(server: Server) -> None:
    with server.connected() as connection:
        connection.execute("CREATE TABLE keyed (id int PRIMARY KEY, body text, at timestamptz, size float8)")
        connection.execute("CREATE TABLE bare (line text, n int)")
        connection.execute(
            "INSERT INTO keyed SELECT n, md5(n::text), now(), n / 3.0 FROM generate_series(1, 3000) n"
        )
        connection.execute("INSERT INTO bare SELECT 'line ' || n % 40, n % 3 FROM generate_series(1, 900) n")


@pytest.fixture
def new(server: Server) -> str:
    """A copy of the database as it is now."""
    return copied(server)


def copied(server: Server) -> str:
    name = server.sibling("copy")
    with server.connected("postgres") as connection:
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(query.format(sql.Identifier(name), sql.Identifier(server.database)))
    return name


def changed(server: Server, *statements: str, database: str | None = None) -> None:
    with server.connected(database) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def rows(server: Server, database: str, table: str) -> Counter[tuple[object, ...]]:
    with server.connected(database) as connection:
        found = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        return Counter(found.fetchall())


def by_table(written: list[Written]) -> dict[str, tuple[int, int, int]]:
    return {entry.table: (entry.inserted, entry.changed, entry.deleted) for entry in written}


def test_the_same_is_no_difference(server: Server, new: str, tmp_path: Path) -> None:
    assert count(server, server.database, new) == []
    assert export(server, server.database, new, tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == [INDEX]


def test_rows_that_were_written_since(server: Server, new: str, tmp_path: Path) -> None:
    changed(
        server,
        "INSERT INTO keyed VALUES (5000, 'new', now(), 1), (5001, 'quote \" comma , line \n', NULL, 'NaN')",
        "UPDATE keyed SET size = size + 1e-12 WHERE id IN (7, 8, 2999)",
        "DELETE FROM keyed WHERE id BETWEEN 100 AND 103",
    )
    found = export(server, server.database, new, tmp_path / "export")
    assert by_table(found) == {"public.keyed": (2, 3, 4)}
    with Path(found[0].file).open(encoding="utf-8", newline="") as file:
        exported = {row["id"]: row for row in csv.DictReader(file)}
    assert exported.keys() == {"5000", "5001", "7", "8", "2999"}
    assert exported["5001"]["body"] == 'quote " comma , line \n'
    assert by_table(count(server, server.database, new)) == by_table(found)
    index = Index.model_validate_json((tmp_path / "export" / INDEX).read_bytes())
    assert (index.old, index.new, index.tables) == (server.database, new, found)


def test_what_is_exported_can_be_loaded_again(server: Server, new: str, tmp_path: Path) -> None:
    changed(
        server, "INSERT INTO keyed SELECT n, E'\\\\N,\"' || n, now(), n FROM generate_series(4000, 6500) n"
    )
    found = export(server, server.database, new, tmp_path)
    load = "COPY keyed FROM STDIN (FORMAT csv, HEADER true)"
    with server.connected(new) as connection, connection.cursor() as cursor, cursor.copy(load) as copy:
        copy.write(Path(found[0].file).read_bytes())
    assert rows(server, new, "keyed") == rows(server, server.database, "keyed")
    assert count(server, server.database, new) == []


def test_rows_without_a_key_are_counted_each_as_often_as_they_are_there(
    server: Server, new: str, tmp_path: Path
) -> None:
    changed(
        server,
        "INSERT INTO bare VALUES ('line 1', 1), ('line 1', 1), ('new', NULL)",
        "DELETE FROM bare WHERE ctid IN (SELECT ctid FROM bare WHERE line = 'line 2' AND n = 2 LIMIT 2)",
    )
    found = export(server, server.database, new, tmp_path)
    assert by_table(found) == {"public.bare": (3, 0, 2)}
    with Path(found[0].file).open(encoding="utf-8") as file:
        assert sorted(row["line"] for row in csv.DictReader(file)) == ["line 1", "line 1", "new"]


def test_a_table_that_only_the_old_one_has(server: Server, new: str, tmp_path: Path) -> None:
    changed(
        server, 'CREATE TABLE "odd/ name" (a int)', 'INSERT INTO "odd/ name" SELECT generate_series(1, 6000)'
    )
    found = export(server, server.database, new, tmp_path)
    assert by_table(found) == {'public."odd/ name"': (6000, 0, 0)}
    assert Path(found[0].file).parent == tmp_path
    assert len(Path(found[0].file).read_text(encoding="utf-8").splitlines()) == 6001


def test_a_column_that_only_the_old_one_has_counts_where_it_was_written(server: Server, new: str) -> None:
    changed(
        server,
        "ALTER TABLE keyed ADD phone text, ADD plan text NOT NULL DEFAULT 'free'",
        "UPDATE keyed SET phone = '123' WHERE id = 5",
        "UPDATE keyed SET plan = 'gold' WHERE id IN (6, 7)",
    )
    assert by_table(count(server, server.database, new)) == {"public.keyed": (0, 3, 0)}


def test_a_column_that_only_the_new_one_has_is_no_difference(server: Server, new: str) -> None:
    changed(server, "ALTER TABLE keyed DROP COLUMN size")
    assert count(server, server.database, new) == []


def test_partitions_and_children_are_looked_at_each_by_itself(server: Server) -> None:
    changed(
        server,
        "CREATE TABLE visits (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
        "CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent)",
    )
    new = copied(server)
    changed(server, "INSERT INTO visits VALUES (1, '2026-05-05')", "INSERT INTO child VALUES (1)")
    found = by_table(count(server, server.database, new))
    assert found == {"public.visits_2026": (1, 0, 0), "public.child": (1, 0, 0)}


@pytest.mark.both_versions
def test_it_is_right_for_any_changes(server: Server, new: str) -> None:
    chance = random.Random(20261122)  # noqa: S311 - the same each time
    ids = chance.sample(range(1, 3001), 900)
    gone, touched, more = ids[:300], ids[300:800], range(9000, 9000 + chance.randrange(50, 500))
    with server.connected() as connection:
        connection.execute("DELETE FROM keyed WHERE id = ANY(%s)", [gone])
        connection.execute("UPDATE keyed SET body = body || 'x' WHERE id = ANY(%s)", [touched])
        connection.execute("INSERT INTO keyed SELECT unnest(%s::int[]), 'more'", [list(more)])
    found = by_table(count(server, server.database, new))
    assert found == {"public.keyed": (len(more), len(touched), len(gone))}


def test_many_buckets_find_what_few_find(server: Server, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(server, "UPDATE keyed SET body = 'x' WHERE id % 7 = 0", "DELETE FROM bare WHERE n = 1")
    few = by_table(count(server, server.database, new))
    monkeypatch.setattr(row_differences, "ROWS_A_BUCKET", 1)
    assert by_table(count(server, server.database, new)) == few
    assert few["public.keyed"] == (0, 428, 0)


def test_settings_of_one_side_make_no_difference(server: Server, new: str) -> None:
    with server.connected() as connection:
        for setting in ("timezone = 'Asia/Tokyo'", "datestyle = 'German'", "extra_float_digits = -5"):
            query = sql.SQL("ALTER DATABASE {} SET {}")
            connection.execute(query.format(sql.Identifier(new), sql.SQL(setting)))
    assert count(server, server.database, new) == []


def test_files_are_closed_to_others_and_those_of_an_earlier_try_are_replaced(
    server: Server, new: str, tmp_path: Path
) -> None:
    changed(server, "INSERT INTO keyed VALUES (5000)")
    for _ in range(2):
        found = export(server, server.database, new, tmp_path / "export")
    assert len(Path(found[0].file).read_text(encoding="utf-8").splitlines()) == 2
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "export").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "export").stat().st_mode & 0o777 == 0o700


def test_a_table_that_cannot_be_read_is_told(postgres: Cluster, server: Server, new: str) -> None:
    with postgres.connect(server.database) as connection:
        connection.execute("CREATE TABLE secrets (id int)")
    with pytest.raises(EvidenceNotKept, match="permission denied for table secrets"):
        count(server, server.database, new)


def test_a_folder_that_cannot_be_written_is_told(server: Server, new: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceNotKept, match="Not a directory"):
        export(server, server.database, new, tmp_path / "file" / "export")


def test_a_database_that_is_not_there_is_told(server: Server) -> None:
    with pytest.raises(DatabaseUnreachable, match="does not exist"):
        count(server, server.database, "nowhere")
