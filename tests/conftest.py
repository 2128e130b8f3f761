"""What every test starts from: an environment that is not the user's, and a Docker engine where there is one."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

import blocks.home

if TYPE_CHECKING:
    from docker import DockerClient

settings.register_profile("any machine", settings.default, deadline=None)
settings.load_profile("any machine")

USERS_ENVIRONMENT = dict(os.environ)
"""As pytest was started, for tools that need the user's own settings, such as pip behind a mirror."""

FOREIGN = ("PREFECT_", "BACKOUT_", "ROLLBACK_", "FORCE_ROLLBACK", "XDG_CONFIG_", "XDG_CACHE_", "XDG_DATA_")
OURS = "BACKOUT_TEST_"
SHARING = (
    "tests/deployments/one_serve",
    "tests/deployments/one_prefect",
    "tests/systems/aldeia",
    "tests/systems/jarvis",
    "tests/systems/flappyjournal",
    "tests/systems/noteshub",
    "tests/systems/mvp_011",
    "tests/deployments/cli",
    "tests/examples",
)
"""Folders whose tests share what takes long to start: they run in one process."""

LONG = ("tests/test_image.py",)
"""Files that take about a minute, and would come last: whoever got one at the end would keep all others waiting."""

OLDER = 15
"""The PostgreSQL of Debian 12, beside the newest."""


def _isolate() -> Path:
    """Give this process a home of its own, before anything imports Prefect, which reads both at once."""
    # A short path: unix sockets below it have 107 bytes. Searchable: PostgreSQL drops root and must get through.
    home = Path(tempfile.mkdtemp(prefix="backout-test-", dir="/tmp"))
    home.chmod(0o711)
    for name in [name for name in os.environ if name.startswith(FOREIGN) and not name.startswith(OURS)]:
        del os.environ[name]
    os.environ["HOME"] = str(home)
    os.environ["BACKOUT_HOME"] = str(home / "backout")
    os.environ["BACKOUT_API_PORT"] = "0"
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


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # shipped without types
    """Hands whole groups of tests to a process: those that share a stack or a `serve` which takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """How `make test` divides the tests."""
    return Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first; what is only asked for by `--full-matrix` is left out."""
    items.sort(key=lambda item: _turn(item.nodeid))
    if not config.getoption("--full-matrix"):
        _leave_out(config, items)


def _group(nodeid: str) -> str:
    """The folder, for tests that share what is below it; else the file."""
    path = PurePosixPath(nodeid.partition("::")[0])
    shared = next((folder for folder in path.parents if folder.as_posix() in SHARING), None)
    return (shared or path).as_posix()


def _turn(nodeid: str) -> int:
    group = _group(nodeid)
    if group in LONG:
        return 1
    return 2 if group.endswith(".py") else 0


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `full_matrix`, and most of it on the older PostgreSQL."""
    left_out = [item for item in items if item.get_closest_marker("full_matrix") or _repeats(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _repeats(item: pytest.Item) -> bool:
    """Whether it is run on the older PostgreSQL too, though nothing in it differs between versions."""
    callspec = getattr(item, "callspec", None)
    older = callspec is not None and callspec.params.get("postgres") == OLDER
    return older and not item.get_closest_marker("both_versions")


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
def cluster(engine: "DockerClient") -> Iterator[str]:  # noqa: ARG001 - it is what the node runs
    """A namespace of this run's own in the cluster of `KUBECONFIG`, which runs the engine's images; skips without one."""
    if not os.environ.get("KUBECONFIG"):
        pytest.skip("KUBECONFIG is not set: no Kubernetes cluster to run pods in")
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    asked = subprocess.run(
        ["kubectl", "get", "--raw", "/readyz"], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        pytest.skip(f"the cluster of KUBECONFIG does not answer: {asked.stderr.strip()}")
    namespace = f"backout-test-{secrets.token_hex(4)}"
    subprocess.run(["kubectl", "create", "namespace", namespace], check=True, capture_output=True)
    yield namespace
    delete = ["kubectl", "delete", "namespace", namespace, "--wait=false"]
    subprocess.run(delete, check=True, capture_output=True)


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
