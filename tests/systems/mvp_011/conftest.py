from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.store import Store
from examples.mvp_011.stack import Stack
from tasks import verify
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres
from tests.systems.mvp_011.scene import TOKEN, ApiScene


@pytest.fixture(scope="package")
def store_url() -> Iterator[str]:
    with running_postgres() as postgres:
        url = postgres.ensure_database("mvp")
        store = Store(url, KEY)
        store.database.migrate()
        store.rest()
        yield url


@pytest.fixture
def scene(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiScene]:
    """1.0.0 is deployed, and good."""
    monkeypatch.setattr(verify, "PAUSE_S", 0.01)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])
    stack = Stack(tmp_path / "mvp", token=TOKEN).up()
    try:
        stack.deploy("1.0.0")
        yield ApiScene(stack, store_url, tmp_path)
    finally:
        stack.down()
