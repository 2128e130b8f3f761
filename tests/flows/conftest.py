from collections.abc import Iterator

import pytest

from blocks.store import Store
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres
from tests.flows.stage import Stage, standing


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_postgres() as postgres:
        url = postgres.ensure_database("flows")
        store = Store(url, KEY)
        store.database.migrate()
        store.rest()
        with standing(tmp_path_factory.mktemp("stage"), url) as stage:
            yield stage
