from collections.abc import Iterator
from itertools import count

import pytest

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.store import Store
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres

NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def url(postgres: EmbeddedPostgres) -> str:
    return postgres.ensure_database(f"store{next(NUMBERS)}")


@pytest.fixture
def ledger(url: str) -> Iterator[Store]:
    store = Store(url, KEY)
    store.database.migrate()
    yield store
    store.rest()
