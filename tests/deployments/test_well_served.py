"""What the watch has seen serve well for long enough is kept as evidence: `domain/well_served.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.installation import Installation
from deployments.watch_record import WatchRecord
from deployments.watched import Watched
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path, deploy={"good_after_s": 0})


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def good(scene: Scene, here: Installation) -> dict[str, str | None]:
    return {row.version: row.good_by for row in here.store.releases(scene.name)}


def test_the_watch_keeps_it_for_what_serves_and_not_while_that_is_sick(
    scene: Scene, here: Installation, stage: Stage
) -> None:
    watched = Watched(scene.document, "digest", WatchRecord(here))
    (stage.folder / "blue.unhealthy").touch()
    watched.look(here)
    assert good(scene, here) == {"2.0": None, "1.0": None}
    (stage.folder / "blue.unhealthy").unlink()
    watched.look(here)
    assert good(scene, here) == {"2.0": "the watch", "1.0": None}
