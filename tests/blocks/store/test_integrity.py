"""What the store says of a record that was edited, of a server that is away, and of its own schema."""

import threading

import psycopg
import pytest

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.store import Store, database
from domain.errors import StoreUnavailable
from tests.blocks.incidents import APPLICATION
from tests.blocks.ledger_child import KEY
from tests.blocks.ledger_contract import begun, kinds
from tests.blocks.store.postgres import running_postgres

ENTRIES = 5
MIGRATIONS = sorted(file.name for file in database.MIGRATIONS.iterdir() if file.name.endswith(".sql"))


@pytest.fixture
def ledger(store: Store) -> Store:
    return store


def journalled(store: Store) -> str:
    """An incident with `ENTRIES` entries."""
    incident = begun(store)[0].incident.id
    for number in range(ENTRIES - 1):
        store.append(incident, "told", {"number": number})
    assert store.problems(incident) == []
    return incident


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("""UPDATE journal SET data = '{"number": 9}' WHERE seq = 3""", "entry 3 was changed"),
        ("UPDATE journal SET at = at - interval '1 hour' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE journal SET kind = 'closed' WHERE seq = 5", "entry 5 was changed"),
        ("DELETE FROM journal WHERE seq = 3", "entry 3 is missing"),
        ("DELETE FROM journal WHERE seq = 1", "entry 1 is missing"),
        ("DELETE FROM journal WHERE seq = 5", "the end is cut"),
        ("DELETE FROM journal", "the end is cut"),
        ("DELETE FROM heads", "the head is missing"),
        ("DELETE FROM journal WHERE seq = 5; DELETE FROM heads", "the head is missing"),
        (
            "UPDATE journal SET seq = seq - 1 WHERE seq = 5 AND EXISTS (SELECT 1); ",
            None,
        ),
    ],
)
def test_an_edit_by_sql_shows(ledger: Store, edit: str, found: str | None) -> None:
    incident = journalled(ledger)
    with ledger.database.transaction() as connection:
        if found is None:
            connection.execute("DELETE FROM journal WHERE seq = 4")
        connection.execute(edit.encode())
    problems = ledger.problems(incident)
    assert problems
    assert found is None or any(found in problem for problem in problems)


def test_another_key_believes_nothing(ledger: Store, store_url: str) -> None:
    incident = journalled(ledger)
    other = Store(store_url, b"another key")
    assert len(other.problems(incident)) == ENTRIES
    other.rest()


def test_migrations_run_once(store_url: str) -> None:
    store = Store(store_url, KEY)
    assert store.database.migrate() == MIGRATIONS
    assert store.database.migrate() == []
    store.rest()


def test_migrations_are_safe_when_several_start_at_once(store_url: str) -> None:
    store, applied = Store(store_url, KEY), []
    together = threading.Barrier(4)

    def start() -> None:
        together.wait()
        applied.append(store.database.migrate())
        store.rest()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], MIGRATIONS]


def test_a_store_that_is_away_is_said_and_found_again() -> None:
    with running_postgres() as postgres:
        store = Store(postgres.ensure_database("store"), KEY)
        store.database.migrate()
        incident = begun(store)[0].incident.id
        postgres.stop()
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="--break-glass") as away:
                store.append(incident, "told", {})
            assert away.value.retryable
        postgres.start()
        store.append(incident, "told", {"n": 1})
        assert kinds(store.entries(incident)) == ["opened", "told"]
        store.rest()


def test_a_connection_that_was_cut_is_made_again(ledger: Store, store_server: EmbeddedPostgres) -> None:
    incident = begun(ledger)[0].incident.id
    with psycopg.connect(store_server.url(), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'backout'"
        )
    with pytest.raises(StoreUnavailable):
        ledger.append(incident, "told", {})
    ledger.append(incident, "told", {})
    assert ledger.problems(incident) == []


def test_a_password_is_in_no_message() -> None:
    store = Store("postgresql://ann:hunter2@127.0.0.1:1/backout", KEY)
    with pytest.raises(StoreUnavailable) as away:
        store.holder(APPLICATION)
    assert "hunter2" not in str(away.value)
    assert "127.0.0.1" in str(away.value)


def test_a_server_that_became_a_standby_is_away(ledger: Store) -> None:
    incident = begun(ledger)[0].incident.id

    def on_a_standby() -> None:
        with ledger.database.transaction() as connection:
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute("UPDATE incidents SET report = 'x' WHERE id = %s", [incident])

    with pytest.raises(StoreUnavailable, match="read-only"):
        on_a_standby()
    ledger.append(incident, "told", {})


def test_a_journal_that_grows_while_it_is_checked_is_whole(ledger: Store) -> None:
    incident = journalled(ledger)
    done = threading.Event()

    def write() -> None:
        for number in range(200):
            ledger.append(incident, "told", {"number": number})
        ledger.rest()
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    found = []
    while not done.is_set():
        found += ledger.problems(incident)
    writer.join()
    assert found == []
