from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.store import Store
from tasks import prepare, report, verify
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres
from tests.systems.aldeia.forward import Forward
from tests.systems.aldeia.scene import AldeiaScene
from tests.systems.aldeia.stage import Aldeia, awake


@pytest.fixture(scope="module")
def standing(request: pytest.FixtureRequest, base_image: str) -> Iterator[Aldeia]:
    with awake(request.config, base_image) as found:
        yield found


@pytest.fixture(scope="package")
def store_url() -> Iterator[str]:
    with running_postgres() as postgres:
        url = postgres.ensure_database("aldeia")
        store = Store(url, KEY)
        store.database.migrate()
        store.rest()
        yield url


@pytest.fixture
def aldeia(standing: Aldeia) -> Aldeia:
    """v1.1.0 runs, and nothing of another test is left."""
    standing.restore()
    return standing


@pytest.fixture
def scene(aldeia: Aldeia, store_url: str, tmp_path: Path) -> AldeiaScene:
    return AldeiaScene(aldeia, store_url, tmp_path)


@pytest.fixture
def ahead(aldeia: Aldeia, store_url: str, tmp_path: Path) -> Forward:
    return Forward(aldeia, store_url, tmp_path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.1)
    monkeypatch.setattr(prepare, "PAUSE_S", 0.1)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])
    monkeypatch.setattr(report, "svg", lambda _facts: b"<svg/>")  # it costs more than all the rest
