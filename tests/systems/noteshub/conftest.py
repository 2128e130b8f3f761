from collections.abc import Iterator

import pytest

from tasks import prepare, verify
from tests.blocks.nginx import require_nginx
from tests.blocks.postgres.cluster import running
from tests.systems.noteshub.scene import NotesStage, standing


@pytest.fixture(scope="package")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotesStage]:
    """NotesHub as it stands at first."""
    require_nginx()
    with running(18) as cluster, standing(tmp_path_factory.mktemp("noteshub"), cluster) as made:
        yield made


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.1)
    monkeypatch.setattr(prepare, "PAUSE_S", 0.3)
    monkeypatch.setattr("tasks.act.RETRY_S", [0.01, 0.01])
