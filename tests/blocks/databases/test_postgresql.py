"""The `postgresql` database on a real one."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.databases.postgresql import Postgresql
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.postgres import checkup
from domain.errors import CommandFailed, UnknownRemedy
from domain.findings import Verdict
from tests.blocks.databases.conftest import ALLOWED
from tests.blocks.databases.contract import DatabaseContract
from tests.blocks.waiting import wait_until


def postgresql(url: str, **settings: Any) -> Postgresql:
    made = adapter_class("databases", "postgresql").model_validate(
        {"kind": "postgresql", "url": url, **settings}
    )
    assert isinstance(made, Postgresql)
    return made


def record(url: str, versions: list[str], table: str = "schema_migrations", kind: str = "text") -> None:
    name = sql.Identifier(*table.split("."))
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        connection.execute(sql.SQL("CREATE TABLE {} (version {})").format(name, sql.Identifier(kind)))
        for version in versions:
            connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(name, sql.Literal(version)))


@contextmanager
def frozen(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


class TestPostgresql(DatabaseContract):
    @pytest.fixture
    def adapter(self, database: str) -> Postgresql:
        return postgresql(database)

    @pytest.fixture
    def unreachable(self, tmp_path: Path) -> Postgresql:
        return postgresql(f"postgresql://shop:hunter2@/shop?host={tmp_path}")

    @pytest.fixture
    def migrate(self, database: str) -> Callable[[list[str]], None]:
        return lambda versions: record(database, versions)


@pytest.mark.parametrize(
    ("versions", "kind", "newest"),
    [
        (["9", "10"], "int8", "10"),
        (["0009_users", "0010_tags", "0002_journal"], "text", "0010_tags"),
        (["v1.9", "v1.10"], "text", "v1.10"),
    ],
)
def test_numbers_and_names_are_versions(database: str, versions: list[str], kind: str, newest: str) -> None:
    record(database, versions, kind=kind)
    assert postgresql(database).schema_version() == newest


def test_a_database_without_an_encoding_has_versions_too(cluster: EmbeddedPostgres) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'"
        )
        record(cluster.url("ascii"), ["0001_first"])
        assert postgresql(cluster.url("ascii")).schema_version() == "0001_first"
        connection.execute("DROP DATABASE ascii WITH (FORCE)")


def test_the_table_can_have_another_name_and_schema(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE SCHEMA app")
    record(database, ["3"], table="app.Versions")
    assert postgresql(database, migrations_table="app.Versions").schema_version() == "3"


def test_it_cannot_write(database: str) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), postgresql(database)._looking() as connection:
        connection.execute("CREATE TABLE mine ()")


def test_nearly_no_connection_left_is_bad(database: str) -> None:
    with ExitStack() as held:
        for _ in range(ALLOWED - 1):
            held.enter_context(psycopg.connect(database))
        answers, connections = postgresql(database).observe()
    assert answers.ok
    assert (connections.verdict, connections.value) == (Verdict.BAD, 100.0)
    assert connections.said == f"{ALLOWED} of {ALLOWED} connections in use"


def test_no_connection_left_at_all_is_bad(database: str) -> None:
    with ExitStack() as held:
        for _ in range(ALLOWED):
            held.enter_context(psycopg.connect(database))
        assert postgresql(database).observe()[0].symptom == "too many connections"


def test_a_locked_table_gives_no_version(database: str) -> None:
    record(database, ["1"])
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE")
        assert postgresql(database, timeout_s=2).schema_version() is None


def test_a_frozen_server_is_a_timeout(cluster: EmbeddedPostgres, database: str) -> None:
    server = int((cluster.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    with frozen(server):
        finding = postgresql(database, timeout_s=2).observe()[0]
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "timeout")


def test_a_server_that_freezes_in_between_is_cut_off(database: str) -> None:
    with ExitStack() as stopped, pytest.raises(psycopg.OperationalError):  # noqa: SIM117, PT012 - frozen inside
        with postgresql(database, timeout_s=2)._looking() as connection:
            stopped.enter_context(frozen(connection.info.backend_pid))
            connection.execute("SELECT 1")


@pytest.mark.parametrize(
    ("role", "password", "name", "symptom"),
    [
        ("locked", "hunter2", "shop", "authentication failed"),
        ("locked", "", "shop", "authentication failed"),
        ("postgres", "hunter2", "nowhere", "database does not exist"),
        ("nobody", "hunter2", "shop", "role not accepted"),
    ],
)
def test_why_it_does_not_answer_never_holds_the_password(
    cluster: EmbeddedPostgres, database: str, role: str, password: str, name: str, symptom: str
) -> None:
    assert database
    made = postgresql(f"postgresql://{role}:{password}@/{name}?host={cluster.sockets}")
    findings = made.observe()
    assert findings[0].symptom == symptom, findings[0].said
    shown = repr(made) + made.model_dump_json() + "".join(finding.model_dump_json() for finding in findings)
    assert "hunter2" not in shown


def test_a_password_with_an_at_sign_is_not_shown_as_a_host() -> None:
    made = postgresql("postgresql://shop:hunter2@secret@127.0.0.1:1/shop")
    assert "secret" not in "".join(finding.said for finding in made.observe())


def test_its_connections_are_closed(cluster: EmbeddedPostgres, database: str) -> None:
    postgresql(database).observe()
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backout'"

    def gone() -> bool:
        with psycopg.connect(cluster.url()) as connection:
            return connection.execute(query).fetchone() == (0,)

    wait_until(gone, "the end of its connections")


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "hunter2 and more"},
        {"url": "postgresql://u:hunter2@host:notaport/x?nope=1"},
        {"url": "postgresql:///x", "migrations_table": 'x"; DROP TABLE users; --'},
        {"url": "postgresql:///x", "migrations_table": "a.b.c"},
        {},
    ],
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        adapter_class("databases", "postgresql").model_validate({"kind": "postgresql", **settings})
    assert "hunter2" not in str(caught.value)


def test_an_examination_of_one_that_answers_tells_its_numbers(database: str) -> None:
    found = {checkup.finding.name: checkup for checkup in postgresql(database).examine()}
    assert [checkup for checkup in found.values() if checkup.bad] == []
    assert {"database", "connections", "pg_stat_database", "writes", "locks"} <= found.keys()
    assert "transactions committed" in found["pg_stat_database"].finding.said
    assert found["database"].source == 'FlappyJournal "Database Connection Problems" 1'


def test_an_examination_says_what_holds_it_up(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "HELD_S", 0)
    with psycopg.connect(database, application_name="forgotten") as other:
        pid = other.info.backend_pid
        other.execute("SELECT 1")
        [locks] = [one for one in postgresql(database).examine() if one.bad]
    assert locks.finding.name == "locks"
    assert "(forgotten) has an open transaction and does nothing" in locks.finding.said
    assert f"pg_terminate_backend({pid})" in locks.remedies[0].command


def test_an_examination_says_that_it_takes_no_writes(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER DATABASE shop SET default_transaction_read_only = on")
    [writes] = [one for one in postgresql(database).examine() if one.bad]
    assert (writes.finding.name, writes.finding.symptom) == ("writes", "read only")


def test_one_that_is_full_can_be_emptied_before_it_is_restarted(database: str) -> None:
    with ExitStack() as held:
        for _ in range(ALLOWED):
            held.enter_context(psycopg.connect(database))
        [found] = postgresql(database, restart=["restart", "it"]).examine()
    assert found.finding.symptom == "too many connections"
    assert "pg_terminate_backend(pid)" in found.remedies[0].command
    assert (found.remedies[1].name, found.remedies[1].command) == ("restart database", "restart it")


def test_without_a_command_to_restart_it_a_person_does(tmp_path: Path) -> None:
    here = postgresql(f"postgresql://shop:hunter2@/shop?host={tmp_path}")
    [remedy] = here.examine()[0].remedies
    assert (remedy.name, remedy.command) == ("", "systemctl restart postgresql")
    with pytest.raises(UnknownRemedy):
        here.mend("restart database")


@pytest.mark.parametrize("role", ["locked", "nobody"])
def test_commands_hold_no_password(cluster: EmbeddedPostgres, database: str, role: str) -> None:
    assert database
    made = postgresql(f"postgresql://{role}:hunter2@/shop?host={cluster.sockets}")
    [found] = made.examine()
    assert f"user={role}" in found.remedies[0].command
    assert "hunter2" not in found.model_dump_json()


def test_a_restart_is_done_when_it_answers(database: str, tmp_path: Path) -> None:
    done = tmp_path / "restarted"
    assert "answers" in postgresql(database, restart=["touch", str(done)]).mend("restart database")
    assert done.exists()
    with pytest.raises(CommandFailed, match="ended with 1"):
        postgresql(database, restart=["false"]).mend("restart database")
