"""`kubernetes` on a real cluster."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from blocks.platforms.kubernetes import Kubernetes
from tests.blocks.kubernetes.deployed import NEW, OLD, Jarvis
from tests.blocks.kubernetes.image import built
from tests.blocks.platforms.in_place_contract import InPlaceContract, Releases
from tests.blocks.platforms.restart_contract import RestartContract

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def jarvis(cluster: str, engine: "DockerClient", base_image: str) -> Iterator[Jarvis]:
    here = Jarvis(cluster, built(engine, base_image))
    try:
        here.start()
        yield here
    finally:
        here.end()


@pytest.fixture
def platform(jarvis: Jarvis) -> Kubernetes:
    jarvis.restore()
    return jarvis.platform()


@pytest.fixture
def releases() -> Releases:
    return Releases(old=OLD, new=NEW)


@pytest.fixture
def answering(jarvis: Jarvis) -> Callable[[], str]:
    return jarvis.answering


class TestKubernetes(InPlaceContract, RestartContract):
    def test_the_releases_are_the_revisions_by_version(self, platform: Kubernetes) -> None:
        assert [slot.name for slot in platform.slots()] == [NEW, OLD]
        assert [release.version for release in platform.history() or []] == [NEW, OLD]
