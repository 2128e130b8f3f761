"""A real served Prefect on the embedded PostgreSQL, with the tests' own flows, once for all files of this folder."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from blocks.home import Home
from tests.blocks.postgres.cluster import never_syncs
from tests.deployments.served import Served, Started, start_run, start_serve, stop_serve

Start = Callable[[str], Started]


@pytest.fixture(scope="package")
def served() -> Iterator[Served]:
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    root = Path(tempfile.mkdtemp(prefix="backout-served-", dir="/tmp"))
    serve = start_serve(Home(root / "home"))
    try:
        serve.wait_until_ready()
        never_syncs(serve.serving["database_url"])
        yield serve
    finally:
        assert stop_serve(serve) == 0
        shutil.rmtree(root)


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
