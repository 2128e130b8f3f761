import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.http_client import _certificates
from blocks.installation import serving
from tasks import prepare, report, verify
from tests.blocks.postgres.cluster import never_syncs
from tests.deployments.rollbacks import Service
from tests.systems.flappyjournal.system import JournalScene, Person, System, new_stack


@pytest.fixture(scope="package")
def system(engine: object, base_image: str) -> Iterator[System]:  # noqa: ARG001
    """The stack and a `serve`, started at the same time, once for all tests."""
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    root = Path(tempfile.mkdtemp(prefix="backout-flappyjournal-", dir="/tmp"))
    root.chmod(0o711)
    stack = new_stack(root / "stack", base_image)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        starting = pool.submit(Service.start, Home(root / "home"))
        try:
            stack.up()
            _certificates.cache_clear()
            home = starting.result().home
            found = serving(home)
            assert found is not None
            never_syncs(found["database_url"])
            yield System(stack, home, found["database_url"])
        finally:
            _certificates.cache_clear()
            stack.down()
            stopped = starting.result().stop()
            shutil.rmtree(root)
            assert stopped == 0


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.3)
    monkeypatch.setattr(prepare, "PAUSE_S", 0.3)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])
    monkeypatch.setattr(report, "svg", lambda _facts: b"<svg/>")  # it costs more than all the rest


@pytest.fixture
def scene(system: System, tmp_path: Path) -> JournalScene:
    return system.scene(tmp_path)


@pytest.fixture
def person(system: System) -> Iterator[Person]:
    """Somebody whose session begins on blue."""
    system.reset()
    somebody = Person(system.stack)
    yield somebody
    somebody.leave()
