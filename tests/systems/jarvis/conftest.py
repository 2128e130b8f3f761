import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.installation import serving
from examples.jarvis.stack import NEW, Stack, build_image
from tasks import prepare, report, verify
from tests.blocks.postgres.cluster import never_syncs
from tests.deployments.rollbacks import Service
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import REPLICAS, Jarvis


@pytest.fixture(scope="package")
def standing(cluster: str, base_image: str) -> Iterator[Jarvis]:
    """Jarvis in the run's namespace, and a `serve`, started at the same time, once for all tests.

    In this folder KUBECONFIG is Backout's own: nothing of it runs with more than the example's Role.
    """
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    root = Path(tempfile.mkdtemp(prefix="backout-jarvis-", dir="/tmp"))
    root.chmod(0o711)
    stack = Stack.new(root / "stack", cluster, build_image(base_image), replicas=REPLICAS).lay_out()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        for name, value in stack.variables().items():
            patch.setenv(name, value)
        starting = pool.submit(Service.start, Home(root / "home"))
        try:
            stack.start()
            home = starting.result().home
            found = serving(home)
            assert found is not None
            never_syncs(found["database_url"])
            yield Jarvis(stack, home, found["database_url"])
        finally:
            stopped = starting.result().stop()
            shutil.rmtree(root)
            assert stopped == 0


@pytest.fixture
def jarvis(standing: Jarvis) -> Jarvis:
    """v1.1.0 alone answers, and nothing of another test is left: kube-proxy leads users to its pods a moment after they ended."""
    standing.restore()
    standing.answers_as(NEW.name)
    return standing


@pytest.fixture
def scene(jarvis: Jarvis, tmp_path: Path) -> JarvisScene:
    return JarvisScene(jarvis, tmp_path)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.3)
    monkeypatch.setattr(prepare, "PAUSE_S", 0.3)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])
    monkeypatch.setattr(report, "svg", lambda _facts: b"<svg/>")  # it costs more than all the rest
