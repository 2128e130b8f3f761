"""The `postgresql_queries` signal on a real PostgreSQL that counts its queries."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.signals.postgres import as_role, observed_postgres

HERE = Place("router", "http://127.0.0.1:1")
BRIEFLY = 0.01
SLOW = "SELECT pg_sleep(0.05)"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with observed_postgres() as running:
        with psycopg.connect(running.ensure_database("shop"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        running.ensure_database("uncounted")
        yield running


@pytest.fixture
def url(server: EmbeddedPostgres) -> str:
    with psycopg.connect(server.url("shop"), autocommit=True) as connection:
        connection.execute("SELECT pg_stat_statements_reset()")
    return server.url("shop")


def run(url: str, *queries: str) -> None:
    with psycopg.connect(url) as connection:
        for query in queries:
            connection.execute(query.encode())


def look(url: str, **settings: Any) -> Finding:
    return signal("postgresql_queries", **{"url": url, "first_s": BRIEFLY, **settings}).observe(HERE)


class TestPostgresqlQueries(SignalContract):
    @pytest.fixture
    def settings(self, url: str) -> dict[str, Any]:
        return {"kind": "postgresql_queries", "url": url, "above": 0.04, "since": "reset"}

    @pytest.fixture
    def well(self, url: str) -> Place:
        run(url, "SELECT 1")
        return HERE

    @pytest.fixture
    def ill(self, url: str) -> Place:
        run(url, SLOW)
        return HERE

    @pytest.fixture
    def unmeasured(self) -> Place:
        return HERE


def test_the_mean_of_what_ran_between_two_looks(url: str) -> None:
    run(url, "SELECT pg_sleep(0.2)")
    made = signal("postgresql_queries", url=url, first_s=BRIEFLY, above=0.001)
    first = made.observe(HERE)
    assert (first.verdict, first.said) == (Verdict.NO_DATA, "0 queries ended (at least 1)")
    run(url, SLOW, SLOW)
    second = made.observe(HERE)
    assert (second.verdict, second.symptom, second.unit) == (Verdict.BAD, "slow queries", "s")
    assert second.value is not None
    assert 0.05 <= second.value < 0.2
    assert second.said.startswith("2 queries took ")
    assert second.said.endswith(" ms on average (above 0.001)")


def test_what_opens_and_ends_transactions_is_not_counted(url: str) -> None:
    run(url, "BEGIN", "SET LOCAL work_mem = '4MB'", SLOW, "COMMIT", "SHOW work_mem")
    assert look(url, since="reset").said.startswith("1 queries took ")


def test_our_own_looks_are_not_counted(url: str) -> None:
    made = signal("postgresql_queries", url=url, since="reset")
    assert [made.observe(HERE).said for _ in range(2)] == ["0 queries ended (at least 1)"] * 2


def test_another_databases_queries_are_not_counted(server: EmbeddedPostgres, url: str) -> None:
    run(server.url("uncounted"), SLOW)
    assert look(url, since="reset").verdict is Verdict.NO_DATA


def test_after_a_reset_it_begins_anew(url: str) -> None:
    run(url, SLOW, SLOW)
    made = signal("postgresql_queries", url=url, first_s=BRIEFLY)
    made.observe(HERE)
    run(url, "SELECT pg_stat_statements_reset()", "SELECT 1")
    assert made.observe(HERE).verdict is Verdict.NO_DATA
    run(url, SLOW)
    assert made.observe(HERE).value == pytest.approx(0.05, abs=0.04)


def test_few_queries_can_be_too_few(url: str) -> None:
    run(url, SLOW)
    assert look(url, since="reset", at_least=2).said == "1 queries ended (at least 2)"


def test_without_the_extension_it_says_what_to_do(server: EmbeddedPostgres) -> None:
    finding = look(server.url("uncounted"))
    assert finding.verdict is Verdict.NO_DATA
    assert "CREATE EXTENSION pg_stat_statements" in finding.said


def test_a_library_that_is_not_loaded_says_the_same(store_url: str) -> None:
    run(store_url, "CREATE EXTENSION pg_stat_statements")
    finding = look(store_url)
    assert finding.verdict is Verdict.NO_DATA
    assert "shared_preload_libraries" in finding.said


def test_a_role_that_may_not_see_others_queries_still_has_the_mean(
    server: EmbeddedPostgres, url: str
) -> None:
    run(url, SLOW)
    assert look(as_role(server, "ordinary", database="shop"), since="reset").ok


def test_a_database_that_does_not_answer_is_no_data(server: EmbeddedPostgres) -> None:
    finding = look(as_role(server, "locked", "hunter2", "shop"))
    assert (finding.verdict, finding.said) == (
        Verdict.NO_DATA,
        "the database does not answer: authentication failed",
    )


def test_the_password_is_never_shown() -> None:
    made = signal("postgresql_queries", url="postgresql://shop:hunter2@127.0.0.1:1/shop")
    assert "hunter2" not in repr(made) + made.model_dump_json()


@pytest.mark.parametrize(
    "settings", [{"since": "yesterday"}, {"at_least": 0}, {"first_s": 0}, {"url": "hunter2 and more"}]
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("postgresql_queries", **{"url": "postgresql:///shop", **settings})
    assert "hunter2" not in str(caught.value)
