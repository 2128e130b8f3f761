"""What every test starts from: an environment that is not the user's, and a Docker engine where there is one."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import blocks.home

if TYPE_CHECKING:
    from docker import DockerClient

USERS_ENVIRONMENT = dict(os.environ)
"""As pytest was started, for tools that need the user's own settings, such as pip behind a mirror."""

FOREIGN = ("PREFECT_", "BACKOUT_", "ROLLBACK_", "FORCE_ROLLBACK", "XDG_CONFIG_", "XDG_CACHE_", "XDG_DATA_")
OURS = "BACKOUT_TEST_"


def _isolate() -> Path:
    """Give this process a home of its own, before anything imports Prefect, which reads both at once."""
    # A short path: unix sockets below it have 107 bytes. Searchable: PostgreSQL drops root and must get through.
    home = Path(tempfile.mkdtemp(prefix="backout-test-", dir="/tmp"))
    home.chmod(0o711)
    for name in [name for name in os.environ if name.startswith(FOREIGN) and not name.startswith(OURS)]:
        del os.environ[name]
    os.environ["HOME"] = str(home)
    os.environ["BACKOUT_HOME"] = str(home / "backout")
    # Where the sockets of homes with long names go: away with the rest at the end.
    blocks.home.SHORT_FOLDERS = home / "s"
    blocks.home.SHORT_FOLDERS.mkdir(mode=0o711)
    return home


SESSION_HOME = _isolate()


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(SESSION_HOME, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--full-matrix`, which `make test-all` gives."""
    parser.addoption("--full-matrix", action="store_true", help="run tests marked full_matrix too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `full_matrix`, unless it is asked for."""
    if config.getoption("--full-matrix"):
        return
    left_out = [item for item in items if item.get_closest_marker("full_matrix")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def users_environment() -> dict[str, str]:
    """The environment as pytest was started, without what is the user's Prefect."""
    return {name: value for name, value in USERS_ENVIRONMENT.items() if not name.startswith("PREFECT_")}


def _refused(address: str) -> str | None:
    """Why nobody listens at a unix socket; None where somebody does. Docker's client leaves a refused socket open."""
    if not address.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address.removeprefix("unix://"))
    except OSError as error:
        return f"no Docker engine answers at {address}: {error.strerror}"
    return None


@pytest.fixture(scope="session")
def engine() -> Iterator["DockerClient"]:
    """A client of the Docker engine at `DOCKER_HOST` or the default socket; skips where none answers."""
    import docker

    if reason := _refused(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"):
        pytest.skip(reason)
    client = docker.from_env(timeout=60)
    yield client
    client.close()


@pytest.fixture(scope="session")
def base_image(engine: "DockerClient") -> str:
    """The Debian image with Python 3.11 to build on: `BACKOUT_TEST_BASE_IMAGE`, a local one, or the public one."""
    from docker.errors import ImageNotFound

    local = "backout-base:bookworm"
    chosen = os.environ.get("BACKOUT_TEST_BASE_IMAGE")
    if chosen:
        return chosen
    try:
        engine.images.get(local)
    except ImageNotFound:
        return "python:3.11-slim-bookworm"
    return local
