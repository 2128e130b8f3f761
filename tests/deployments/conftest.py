"""Runs of the real flows on real slots, behind a real `backout serve`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployments.own_service import own_service, slots_of
from tests.deployments.rollbacks import Service, Shop
from tests.flows.stage import Stage


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A `backout serve` of the test file's own. Where several files can share one: tests/deployments/one_serve."""
    with own_service() as started:
        yield started


@pytest.fixture(scope="module")
def slots(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where its applications run."""
    with slots_of(service, tmp_path_factory.mktemp("slots")) as stage:
        yield stage


@pytest.fixture
def shop(service: Service, slots: Stage, tmp_path: Path) -> Iterator[Shop]:
    """One of them, which no other test knows."""
    made = Shop(service, slots.scene(tmp_path), tmp_path)
    made.apply({})
    yield made
    made.let_go()
    made.api.close()
