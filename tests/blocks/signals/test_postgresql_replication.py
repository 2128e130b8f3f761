"""The `postgresql_replication` signal on a real primary and its standby."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import ValidationError

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.signals.postgres import as_role, observed_postgres, standby_of
from tests.blocks.waiting import wait_until

HERE = Place("router", "http://127.0.0.1:1")
ATTACHED = "SELECT state FROM pg_stat_replication"
CAUGHT_UP = "SELECT replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication"


@pytest.fixture(scope="module")
def primary() -> Iterator[EmbeddedPostgres]:
    with observed_postgres() as running:
        yield running


@pytest.fixture(scope="module")
def standby(primary: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """It streams from the primary as `far`."""
    with standby_of(primary, "far") as running:
        yield running


@pytest.fixture
def attached(primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> EmbeddedPostgres:
    """The primary, whose standby has all there is."""
    assert standby.is_running()
    wait_until(lambda: told(primary, CAUGHT_UP) == (True,), "the standby to catch up")
    return primary


@contextmanager
def behind(primary: EmbeddedPostgres, standby: EmbeddedPostgres) -> Iterator[None]:
    """The standby has all that the primary wrote, and replays nothing of it."""
    with psycopg.connect(standby.url(), autocommit=True) as replaying:
        replaying.execute("SELECT pg_wal_replay_pause()")
        try:
            with psycopg.connect(primary.url(), autocommit=True) as writing:
                writing.execute("CREATE TABLE IF NOT EXISTS far (x int)")
                writing.execute("INSERT INTO far VALUES (1)")
            received = "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"
            wait_until(lambda: replaying.execute(received).fetchone() == (True,), "what was written")
            yield
        finally:
            replaying.execute("SELECT pg_wal_replay_resume()")


def told(server: EmbeddedPostgres, query: str) -> Any:
    with psycopg.connect(server.url()) as connection:
        return connection.execute(query.encode()).fetchone()


def look(url: str, **settings: Any) -> Finding:
    return signal("postgresql_replication", url=url, **settings).observe(HERE)


class TestPostgresqlReplication(SignalContract):
    @pytest.fixture
    def settings(self, attached: EmbeddedPostgres) -> dict[str, Any]:
        return {"kind": "postgresql_replication", "url": attached.url(), "measure": "bytes", "above": 10}

    @pytest.fixture
    def well(self) -> Place:
        return HERE

    @pytest.fixture
    def ill(self, attached: EmbeddedPostgres, standby: EmbeddedPostgres) -> Iterator[Place]:
        with behind(attached, standby):
            yield HERE

    @pytest.fixture
    def unmeasured(self, settings: dict[str, Any], primary: EmbeddedPostgres) -> Place:
        settings["url"] = as_role(primary, "ordinary")
        return HERE


def test_a_standby_that_has_all_is_not_behind(attached: EmbeddedPostgres) -> None:
    finding = look(attached.url(), measure="bytes", above=0, standbys=1)
    assert (finding.verdict, finding.value, finding.unit) == (Verdict.OK, 0.0, "bytes")
    assert finding.said == "far is 0 bytes behind"


def test_seconds_are_measured_unless_bytes_are_asked_for(attached: EmbeddedPostgres) -> None:
    finding = look(attached.url())
    assert (finding.ok, finding.unit) == (True, "s")
    assert finding.value is not None


def test_bytes_that_are_not_replayed_are_the_lag(
    attached: EmbeddedPostgres, standby: EmbeddedPostgres
) -> None:
    with behind(attached, standby):
        at_primary = look(attached.url(), measure="bytes", above=10)
        at_standby = look(standby.url(), measure="bytes", above=10)
        seconds = look(standby.url(), above=0)
    for finding in (at_primary, at_standby, seconds):
        assert (finding.verdict, finding.symptom) == (Verdict.BAD, "replication lag"), finding.said
    assert at_standby.said.startswith("this standby is ")
    assert seconds.unit == "s"


def test_a_standby_that_has_all_there_is_is_not_behind_however_long_nothing_was_written(
    attached: EmbeddedPostgres, standby: EmbeddedPostgres
) -> None:
    assert attached.is_running()
    assert look(standby.url()).value == 0.0


def test_none_attached_is_no_data_or_bad_as_it_is_set(store_url: str) -> None:
    finding = look(store_url)
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, "no standby is attached")
    missing = look(store_url, standbys=1)
    assert (missing.verdict, missing.symptom) == (Verdict.BAD, "standby missing")
    assert missing.said == "0 standbys are streaming (at least 1)"


def test_a_standby_without_its_primary_is_bad(attached: EmbeddedPostgres, standby: EmbeddedPostgres) -> None:
    change = "ALTER SYSTEM SET primary_conninfo = ''"
    with psycopg.connect(standby.url(), autocommit=True) as connection:
        source = (connection.execute("SHOW primary_conninfo").fetchone() or ("",))[0]
        connection.execute(change)
        connection.execute("SELECT pg_reload_conf()")
        wait_until(lambda: told(attached, ATTACHED) is None, "the end of the stream")
        finding = look(standby.url())
        connection.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(sql.Literal(source)))
        connection.execute("SELECT pg_reload_conf()")
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "standby not streaming"), finding.said


def test_a_role_that_may_not_know_is_told_what_it_needs(attached: EmbeddedPostgres) -> None:
    finding = look(as_role(attached, "ordinary"), standbys=1)
    assert (finding.verdict, finding.said) == (
        Verdict.NO_DATA,
        "the role may not see the lag: GRANT pg_read_all_stats",
    )


def test_one_that_does_not_answer_is_no_data(primary: EmbeddedPostgres) -> None:
    assert look(as_role(primary, "locked", "hunter2")).verdict is Verdict.NO_DATA


@pytest.mark.parametrize(
    "settings", [{"measure": "miles"}, {"standbys": -1}, {"url": "hunter2 and more"}, {"timeout_s": 1}]
)
def test_bad_settings_raise_and_show_no_value(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal("postgresql_replication", **{"url": "postgresql:///shop", **settings})
    assert "hunter2" not in str(caught.value)
