"""A real served Prefect on the embedded PostgreSQL, once for all tests of the room."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from blocks.home import Home
from tests.deployments.rollbacks import Service, Shop
from tests.deployments.served import Served, Started, start_run, start_serve, stop_serve
from tests.flows.stage import Stage, standing

Start = Callable[[str], Started]


@pytest.fixture(scope="package")  # one that nobody asks any more still costs a tenth of a core
def served() -> Iterator[Served]:
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    root = Path(tempfile.mkdtemp(prefix="backout-served-", dir="/tmp"))
    serve = start_serve(Home(root / "home"))
    try:
        serve.wait_until_ready()
        yield serve
    finally:
        assert stop_serve(serve) == 0
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A `backout serve` of the test file's own, which it may kill."""
    root = Path(tempfile.mkdtemp(prefix="backout-service-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKOUT_API_PORT", "0")
        service = Service.start(Home(root / "home"))
    try:
        yield service
    finally:
        assert service.stop() == 0
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def slots(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where its applications run."""
    url = json.loads(service.home.serve_file.read_text())["database_url"]
    with standing(tmp_path_factory.mktemp("slots"), url, service.home) as stage:
        yield stage


@pytest.fixture
def shop(service: Service, slots: Stage, tmp_path: Path) -> Iterator[Shop]:
    """One of them, which no other test knows."""
    made = Shop(service, slots.scene(tmp_path), tmp_path)
    made.apply({})
    yield made
    made.let_go()
    made.api.close()


@pytest.fixture
def client(served: Served) -> Iterator[SyncPrefectClient]:
    with served.client() as client:
        yield client


@pytest.fixture
def start(served: Served, client: SyncPrefectClient, tmp_path: Path) -> Iterator[Start]:
    """Starts a run of one of the tests' flows; each is let go at the end, so that no test waits for another's."""
    started: list[Started] = []

    def one(deployment: str) -> Started:
        run = start_run(served, client, deployment, tmp_path / f"{deployment}-{len(started)}")
        started.append(run)
        return run

    yield one
    for run in started:
        run.let_go()
