"""Jarvis on a real cluster, started once for all tests of this folder that ask for it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from blocks.platforms.kubernetes import Kubernetes
from tests.blocks.kubernetes.deployed import Jarvis
from tests.blocks.kubernetes.image import built

if TYPE_CHECKING:
    from docker import DockerClient


@pytest.fixture(scope="session")
def started(cluster: str, engine: "DockerClient", base_image: str) -> Iterator[Jarvis]:
    here = Jarvis(cluster, built(engine, base_image))
    try:
        here.start()
        yield here
    finally:
        here.end()


@pytest.fixture
def jarvis(started: Jarvis) -> Jarvis:
    """The new release is in place, and nothing is under way."""
    started.restore()
    return started


@pytest.fixture
def platform(jarvis: Jarvis) -> Kubernetes:
    return jarvis.platform()
