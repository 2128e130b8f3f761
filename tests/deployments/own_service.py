"""A `backout serve` of the real flows that a test may kill, as long as it starts it again; and slots behind it."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blocks.home import Home
from tests.blocks.postgres.cluster import never_syncs
from tests.deployments.process_tree import naming
from tests.deployments.rollbacks import Service
from tests.deployments.served import wait_for
from tests.flows.stage import Stage, standing


@contextmanager
def own_service() -> Iterator[Service]:
    """On a home of its own, until the block ends; then no process of it is left."""
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    root = Path(tempfile.mkdtemp(prefix="backout-service-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKOUT_API_PORT", "0")
        service = Service.start(Home(root / "home"))
    never_syncs(json.loads(service.home.serve_file.read_text())["database_url"])
    try:
        yield service
    finally:
        assert service.stop() == 0
        wait_for(lambda: not naming(root), "the end of all its processes")
        shutil.rmtree(root)


@contextmanager
def slots_of(service: Service, folder: Path) -> Iterator[Stage]:
    """Two slots and a router; their applications are in the service's store."""
    url = json.loads(service.home.serve_file.read_text())["database_url"]
    with standing(folder, url, service.home) as stage:
        yield stage
