"""What routers of Kubernetes are tried on."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blocks.kubernetes.cluster import Cluster
from tests.blocks.kubernetes.colours import Colours

if TYPE_CHECKING:
    from docker import DockerClient


@pytest.fixture(scope="session")
def behind_services(api: Cluster, engine: "DockerClient", application: str) -> Colours:
    """Three slots, each with a Service of its own, `NAME-COLOUR`."""
    made = Colours(api, engine, application, f"shop-{secrets.token_hex(2)}")
    slots = ("blue", "green", "red")
    made.create(dict.fromkeys(slots, 1))
    for slot in slots:
        made.create_service(f"{made.name}-{slot}", {"app": made.name, "color": slot})
        made.wait_until_known(f"{made.name}-{slot}")
    return made


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copy(os.environ["KUBECONFIG"], tmp_path / "kubeconfig"))


@pytest.fixture
def nowhere(kubeconfig: Path) -> Callable[[], None]:
    """Makes the API server of `kubeconfig` one that nobody listens at."""

    def spoil() -> None:
        kubeconfig.write_text(kubeconfig.read_text().replace(":6443", ":1"))

    return spoil
