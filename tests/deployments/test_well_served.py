"""When the watch has seen a release serve well for long enough, and that it is kept as evidence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.installation import Installation
from deployments.watch_record import WatchRecord
from deployments.watched import Watched
from deployments.well_served import FURTHER_S, WellServed
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]

START = datetime(2026, 11, 1, tzinfo=UTC)


def seconds(well: WellServed, clock: float, release: str | None = "1.0", *, ok: bool = True) -> float | None:
    """How long it was good, where that is noted after this look."""
    span = well.take(release, well=ok, clock=clock, at=START + timedelta(seconds=clock))
    return (span[1] - span[0]).total_seconds() if span else None


def test_it_takes_so_long_without_a_break() -> None:
    well = WellServed(60)
    assert [seconds(well, clock) for clock in (0, 30, 60, 65)] == [None, None, 60, None]
    assert seconds(well, 60 + FURTHER_S) == 60 + FURTHER_S


@pytest.mark.parametrize(("release", "ok"), [("1.0", False), ("2.0", True), (None, True)])
def test_whatever_comes_between_begins_it_anew(release: str | None, ok: bool) -> None:
    well = WellServed(60)
    seconds(well, 0)
    seconds(well, 30, release, ok=ok)
    assert seconds(well, 60) is None
    assert seconds(well, 90) is None
    assert seconds(well, 120) == 60


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
