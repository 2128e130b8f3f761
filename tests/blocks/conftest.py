"""What adapters are tried on: a real Caddy, and real HTTP servers behind it."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blocks import process
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.settings import ClusterSettings
from blocks.store import Store
from examples.demo.ports import free_ports

pytest.register_assert_rewrite(
    "tests.blocks.routers.contract",
    "tests.blocks.routers.weighted_contract",
    "tests.blocks.hosts.contract",
    "tests.blocks.platforms.contract",
    "tests.blocks.platforms.in_place_contract",
    "tests.blocks.ledger_contract",
)

from tests.blocks.caddy import Caddy  # noqa: E402 - after the rewrite is registered
from tests.blocks.kubernetes.image import built  # noqa: E402
from tests.blocks.ledger_child import KEY  # noqa: E402
from tests.blocks.store.postgres import running_postgres  # noqa: E402
from tests.blocks.waiting import wait_until  # noqa: E402

if TYPE_CHECKING:
    from docker import DockerClient

DATABASES = count(1)
UPSTREAM = Path(__file__).with_name("upstream.py")


def upstream_command(port: int) -> list[str]:
    """The argument list of a slot's application."""
    return [sys.executable, "-I", "-S", str(UPSTREAM), str(port)]


@pytest.fixture(scope="session")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Slot -> `host:port`; blue and green answer, nobody listens at red."""
    folder = tmp_path_factory.mktemp("upstreams")
    ports = dict(zip(("blue", "green", "red"), free_ports(3), strict=True))
    running = [_start(slot, ports[slot], folder) for slot in ("blue", "green")]
    for slot in ("blue", "green"):
        wait_until(partial(_listens, ports[slot]), f"{slot}'s server")
    yield {slot: f"127.0.0.1:{port}" for slot, port in ports.items()}
    for server in running:
        process.stop(server, f"no mark {folder}", 10)


@pytest.fixture
def caddy(tmp_path: Path) -> Iterator[Caddy]:
    """A Caddy that is not started yet."""
    server = Caddy(tmp_path / "caddy")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def api(cluster: str) -> Iterator[Cluster]:
    """The namespace of this run."""
    with ClusterSettings(namespace=cluster).cluster() as connected:
        yield connected


@pytest.fixture(scope="session")
def application(engine: "DockerClient", base_image: str) -> str:
    """The image that pods run."""
    return built(engine, base_image)


@pytest.fixture(scope="session")
def store_server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the stores."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
def store_url(store_server: EmbeddedPostgres) -> str:
    """An empty database."""
    return store_server.ensure_database(f"store{next(DATABASES)}")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store without incidents."""
    opened = Store(store_url, KEY)
    opened.database.migrate()
    yield opened
    opened.rest()


def _start(slot: str, port: int, folder: Path) -> process.Process:
    environment = {"SLOT": slot, "PATH": os.environ["PATH"]}
    return process.start(upstream_command(port), cwd=folder, env=environment, log=folder / f"{slot}.log")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
