from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blocks.kubernetes.settings import ClusterSettings
from blocks.store import Store
from flows import prefect_runs, soak
from tasks import prepare, verify
from tests.blocks.ledger_child import KEY
from tests.blocks.postgres.cluster import DEBIANS, running
from tests.blocks.store.postgres import running_postgres
from tests.flows.cluster_stage import ClusterStage
from tests.flows.demo_stage import DemoStage, demo_standing
from tests.flows.deploy_stage import DeployStage, deploy_standing
from tests.flows.deployed import Runs
from tests.flows.killing import PATIENCE_S
from tests.flows.stage import ONLY_BLUE_PASSES, Scene, Stage, standing

if TYPE_CHECKING:
    from docker import DockerClient


@pytest.fixture(scope="session")
def store_url() -> Iterator[str]:
    with running_postgres() as postgres:
        url = postgres.ensure_database("flows")
        store = Store(url, KEY)
        store.database.migrate()
        store.rest()
        yield url


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, store_url: str) -> Iterator[Stage]:
    with standing(tmp_path_factory.mktemp("stage"), store_url) as stage:
        yield stage


@pytest.fixture(scope="session")
def tenths(tmp_path_factory: pytest.TempPathFactory, store_url: str) -> Iterator[DeployStage]:
    with deploy_standing(tmp_path_factory.mktemp("tenths"), store_url) as stage:
        yield stage


@pytest.fixture(scope="session")
def shop(
    cluster: str,
    engine: "DockerClient",
    base_image: str,
    store_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ClusterStage]:
    with ClusterSettings(namespace=cluster).cluster() as connected:
        yield ClusterStage(connected, engine, base_image, store_url, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session", params=[18])
def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[DemoStage]:
    """The demo application on a PostgreSQL of this major version."""
    major: int = request.param
    if major == 15 and not DEBIANS.is_dir():
        pytest.skip(f"PostgreSQL 15 is not installed: no {DEBIANS}")
    with (
        running(major) as cluster,
        demo_standing(tmp_path_factory.mktemp("demo"), cluster, store_url) as made,
    ):
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.01)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo application's pool needs a moment to connect again, when its database was another one for a while."""
    monkeypatch.setattr(verify, "PAUSE_S", PATIENCE_S)
    monkeypatch.setattr(prepare, "PAUSE_S", PATIENCE_S)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path)


@pytest.fixture
def spoiled(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path, checks=ONLY_BLUE_PASSES)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """What Prefect would be asked for; the watch does not pause."""
    made = Runs()
    monkeypatch.setattr(prefect_runs, "start_later", made.start_later)
    monkeypatch.setattr(soak, "EVERY_S", 0.01)
    return made
