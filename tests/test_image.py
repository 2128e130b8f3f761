import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from docker import DockerClient

CHECKOUT = Path(__file__).parent.parent

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, users_environment: dict[str, str]) -> Path:
    """A build context of its own, so that a test never changes the checkout's `build/`."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run(
        [CHECKOUT / ".ci" / "wheelhouse", sys.executable, folder / "build" / "wheelhouse"],
        env=users_environment,
        check=True,
    )
    for name in ("Dockerfile", ".dockerignore"):
        (folder / name).write_bytes((CHECKOUT / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def image(engine: "DockerClient", base_image: str, context: Path) -> Iterator[str]:
    built, _ = engine.images.build(
        path=str(context),
        buildargs={"BASE": base_image},
        network_mode="none",
        rm=True,
        forcerm=True,
    )
    yield built.id
    engine.images.remove(built.id, force=True)


def test_the_image_starts_backout(engine: "DockerClient", image: str) -> None:
    output = engine.containers.run(image, ["--help"], network_mode="none", remove=True)
    assert b"rollback" in output


def test_the_image_runs_as_an_ordinary_user(engine: "DockerClient", image: str) -> None:
    output = engine.containers.run(
        image,
        ["-c", "import os; print(os.geteuid(), os.access(os.environ['BACKOUT_HOME'], os.W_OK))"],
        entrypoint="python",
        network_mode="none",
        remove=True,
    )
    assert output.decode().split() == ["10001", "True"]


def test_the_image_holds_the_programs_that_packages_bring(engine: "DockerClient", image: str) -> None:
    output = engine.containers.run(image, ["version"], entrypoint="caddy", network_mode="none", remove=True)
    assert output.startswith(b"v2.")


def test_the_image_holds_only_versions_of_the_lock(engine: "DockerClient", image: str) -> None:
    output = engine.containers.run(
        image,
        ["-c", "from importlib.metadata import version; print(version('prefect'))"],
        entrypoint="python",
        network_mode="none",
        remove=True,
    )
    assert f"prefect=={output.decode().strip()} " in (CHECKOUT / "requirements.lock").read_text()
