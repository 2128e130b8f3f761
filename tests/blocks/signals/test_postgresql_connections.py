"""The `postgresql_connections` signal on a real PostgreSQL of ten connections."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.signals.postgres import MOST, RESERVED, as_role, observed_postgres
from tests.blocks.waiting import wait_until

HERE = Place("router", "http://127.0.0.1:1")
ALLOWED = MOST - RESERVED


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with observed_postgres() as running:
        with psycopg.connect(running.url(), autocommit=True) as connection:
            connection.execute('CREATE ROLE "group" NOLOGIN')
            connection.execute("CREATE DATABASE closed")
            connection.execute("REVOKE CONNECT ON DATABASE closed FROM public")
        yield running


@pytest.fixture
def ordinary(server: EmbeddedPostgres) -> Iterator[str]:
    """A role like an application's. One other connection, a superuser's, is there."""
    with psycopg.connect(server.url(), autocommit=True) as connection:

        def alone() -> bool:
            others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            return connection.execute(others).fetchone() == (1,)

        wait_until(alone, "the end of the connections before")
        yield as_role(server, "ordinary")


@contextmanager
def held(url: str, number: int) -> Iterator[list[psycopg.Connection[Any]]]:
    with ExitStack() as connections:
        yield [connections.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(number)]


def look(url: str, **settings: Any) -> Finding:
    return signal("postgresql_connections", url=url, **settings).observe(HERE)


class TestPostgresqlConnections(SignalContract):
    @pytest.fixture
    def settings(self, ordinary: str) -> dict[str, Any]:
        return {"kind": "postgresql_connections", "url": ordinary, "above": 70}

    @pytest.fixture
    def well(self) -> Place:
        return HERE

    @pytest.fixture
    def ill(self, settings: dict[str, Any]) -> Iterator[Place]:
        # One stays free: the connection of the look before may take a moment to end.
        with held(settings["url"], ALLOWED - 3):
            yield HERE

    @pytest.fixture
    def unmeasured(self, settings: dict[str, Any], server: EmbeddedPostgres) -> Place:
        settings["url"] = as_role(server, "nobody")
        return HERE


def test_counted_are_all_roles_sessions_against_what_is_not_reserved(
    server: EmbeddedPostgres, ordinary: str
) -> None:
    with held(ordinary, 2) as mine:
        mine[0].execute("BEGIN")
        finding = look(ordinary)
        by_superuser = look(server.url())
    assert finding.value == pytest.approx(100 * 4 / ALLOWED)
    assert (finding.ok, finding.unit) == (True, "%")
    assert finding.said.startswith(f"4 of {ALLOWED} connections in use (57.1 %): ")
    for said in ("1 active", "1 idle", "1 idle in transaction", "1 of other roles"):
        assert said in finding.said
    assert "of other roles" not in by_superuser.said


def test_above_its_limit_it_is_bad(ordinary: str) -> None:
    with held(ordinary, 4):
        finding = look(ordinary, above=70)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "connections nearly exhausted")
    assert finding.said.endswith("(above 70)")


def test_none_left_is_bad_without_any_limit(ordinary: str) -> None:
    with held(ordinary, ALLOWED - 1):
        finding = look(ordinary)
    assert (finding.verdict, finding.symptom, finding.value) == (Verdict.BAD, "too many connections", 100.0)


def test_of_a_pool_only_what_is_at_work_counts(server: EmbeddedPostgres, ordinary: str) -> None:
    with held(ordinary, 3) as pool:
        for one in pool[:2]:
            one.execute("BEGIN")
        finding = look(ordinary, pool=4)
        full = look(server.url(), pool=2, role="ordinary", above=90)
    assert (finding.ok, finding.value, finding.unit) == (True, 50.0, "%")
    assert finding.said == "2 of the pool's 4 connections are at work (50.0 %), 3 are open"
    assert (full.verdict, full.symptom) == (Verdict.BAD, "pool nearly exhausted")


def test_a_pool_that_may_not_be_seen_is_no_data(ordinary: str) -> None:
    finding = look(ordinary, pool=2, role="postgres")
    assert finding.verdict is Verdict.NO_DATA
    assert "pg_read_all_stats" in finding.said


def test_a_database_that_is_gone_is_bad(server: EmbeddedPostgres) -> None:
    finding = look(as_role(server, "ordinary", database="nowhere"))
    assert (finding.verdict, finding.symptom, finding.value) == (Verdict.BAD, "database does not exist", None)


@pytest.mark.parametrize(
    ("role", "database", "why"),
    [
        ("locked", "postgres", "authentication failed"),
        ("nobody", "postgres", "role not accepted"),
        ("group", "postgres", "role not accepted"),
        ("ordinary", "closed", "access not allowed"),
    ],
)
def test_that_the_watch_itself_is_refused_says_nothing_of_the_application_and_holds_no_password(
    server: EmbeddedPostgres, role: str, database: str, why: str
) -> None:
    made = signal("postgresql_connections", url=as_role(server, role, "hunter2", database))
    finding = made.observe(HERE)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said == f"the database does not let Backout in: {why}"
    assert "hunter2" not in repr(made) + made.model_dump_json() + finding.model_dump_json()


def test_nobody_there_is_refused(nobody: Place) -> None:
    finding = look((nobody.url or "").replace("http:", "postgresql:") + "/shop")
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "refused")


def test_who_never_answers_ends_at_the_timeout(mute: Place) -> None:
    finding = look((mute.url or "").replace("http:", "postgresql:") + "/shop", timeout_s=2)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "timeout")


@pytest.mark.parametrize(
    "settings", [{"timeout_s": 1}, {"limit": 3}, {"role": "shop"}, {"pool": 0}, {"url": "hunter2 and more"}]
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("postgresql_connections", **{"url": "postgresql:///shop", **settings})
    assert "hunter2" not in str(caught.value)
