from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.store import Store
from tasks import verify
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres
from tests.flows.stage import ONLY_BLUE_PASSES, Scene, Stage, standing


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_postgres() as postgres:
        url = postgres.ensure_database("flows")
        store = Store(url, KEY)
        store.database.migrate()
        store.rest()
        with standing(tmp_path_factory.mktemp("stage"), url) as stage:
            yield stage


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.01)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path)


@pytest.fixture
def spoiled(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path, checks=ONLY_BLUE_PASSES)
