"""The database's server goes away in the middle: what is said of it is true, and what comes after goes on from there."""

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from blocks.postgres import swap
from blocks.postgres.changes import PostgresChanges
from domain.outcomes import ENDS, Outcome
from flows.database_path import mend_database, take_back_with_schema
from tests.blocks.waiting import wait_until
from tests.flows.demo_stage import DemoStage
from tests.flows.outage import Outage
from tests.flows.seeds import ENTRIES
from tests.flows.test_data_corruption import ANOTHER, CORRUPT, found
from tests.flows.test_migration_failure import failed

NO_CHANGE = ENDS[Outcome.HELD].words
HOW_FAR = "the database was being changed, and how far that came cannot be told"

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def outage(demo: DemoStage) -> Iterator[Outage]:
    made = Outage(demo.cluster)
    yield made
    made.end()


def first(act: Callable[..., Any], then: Callable[[], None]) -> Callable[..., Any]:
    """The act, and what happens right after it."""

    @wraps(act)
    def both(*args: Any, **kwargs: Any) -> Any:
        result = act(*args, **kwargs)
        then()
        return result

    return both


def test_before_anything_was_begun_nothing_was_changed(
    demo: DemoStage, tmp_path: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = failed(demo, tmp_path, "renamed")
    monkeypatch.setattr(PostgresChanges, "look", first(PostgresChanges.look, outage.begin))
    assert scene.walk(take_back_with_schema) is Outcome.HELD
    outage.end()
    assert scene.version() == "0002"
    assert NO_CHANGE in scene.report()


def test_after_the_way_down_nobody_says_that_nothing_was_changed(
    demo: DemoStage, tmp_path: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = failed(demo, tmp_path, "renamed")
    monkeypatch.setattr(PostgresChanges, "down", first(PostgresChanges.down, outage.begin))
    assert scene.walk(take_back_with_schema) is Outcome.STUCK
    assert HOW_FAR in scene.report()
    assert NO_CHANGE not in scene.report()
    assert demo.serving() == "blue"
    outage.end()
    assert (scene.version(), len(scene.titles())) == ("0001", ENTRIES)


def test_one_that_comes_back_in_time_is_gone_on_with(
    demo: DemoStage, tmp_path: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = failed(demo, tmp_path, "renamed")
    times: list[int] = []

    def away_once() -> None:
        if not times:
            outage.begin()
        times.append(1)

    status = PostgresChanges.status

    def back_at_last(self: PostgresChanges, release: str | None = None) -> Any:
        try:
            return status(self, release)
        finally:
            if times:
                outage.end()

    monkeypatch.setattr(PostgresChanges, "down", first(PostgresChanges.down, away_once))
    monkeypatch.setattr(PostgresChanges, "status", back_at_last)
    assert scene.walk(take_back_with_schema) is Outcome.ROLLED_BACK
    assert (scene.version(), demo.serving()) == ("0001", "green")
    assert len(scene.data("database changed")) == 1


@pytest.mark.parametrize("function", ["stop", "_rename"])
def test_a_swap_that_lost_its_server_is_stuck_and_the_next_run_opens_the_doors(
    demo: DemoStage, tmp_path: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    scene = found(demo, tmp_path)
    scene.query(CORRUPT)
    with monkeypatch.context() as patch:
        patch.setattr(swap, function, first(getattr(swap, function), outage.begin))
        assert scene.walk(mend_database) is Outcome.STUCK
    assert HOW_FAR in scene.report()
    assert NO_CHANGE not in scene.report()
    outage.end()
    assert scene.walk(mend_database, ANOTHER) is Outcome.RESTORED
    wait_until(lambda: scene.healthy("blue"), "blue on its database")
    assert "" not in scene.titles()
    assert len(scene.databases()) == 1
