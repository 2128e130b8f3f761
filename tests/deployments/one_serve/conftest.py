"""One `backout serve` of the real flows for all files of this folder: its start takes as long as several tests."""

import json
from collections.abc import Iterator

import pytest

from tests.deployments.own_service import own_service, slots_of
from tests.deployments.rollbacks import Service
from tests.deployments.schedules import be_ready
from tests.flows.deploy_stage import DeployStage, deploy_standing
from tests.flows.stage import Stage


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """A test that kills it starts it again. Its quarter-hourly look at all applications is paused: tests meet short deadlines."""
    with own_service() as started:
        be_ready(started, active=False)
        yield started


@pytest.fixture(scope="package")
def slots(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where its applications run, one of them at a time."""
    with slots_of(service, tmp_path_factory.mktemp("slots")) as stage:
        yield stage


@pytest.fixture(scope="package")
def tenths(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployStage]:
    """Slots that traffic is shared out between by tenths."""
    url = json.loads(service.home.serve_file.read_text())["database_url"]
    with deploy_standing(tmp_path_factory.mktemp("tenths"), url, service.home) as stage:
        yield stage
