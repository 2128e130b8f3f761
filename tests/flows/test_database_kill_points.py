"""`kill -9` around and inside every act on the database, then a second start: it ends right, once, and nothing is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from domain.outcomes import Outcome
from flows.conclude import Path as RunbookPath
from flows.database_path import mend_database, take_back_with_schema
from tests.blocks.waiting import wait_until
from tests.flows.demo_stage import DATABASE, DemoScene, DemoStage
from tests.flows.killing import Runs
from tests.flows.seeds import ENTRIES, MOODS
from tests.flows.test_data_corruption import CORRUPT, found
from tests.flows.test_kill_points import ANOTHER, SAME, assert_ended_once
from tests.flows.test_migration_failure import ONLY_BLUE, accepting, failed

ALL = 10**6
STUDY = ["study database", "note studied"]
SWAP = [
    "swap database",
    "database swap",
    "close doors",
    "rename database",
    "rename database 2",
    "note database changed",
]
EXPORT = ["export", "database export", "rows of a table", "note exported"]
FORWARD = ["prepare", "switch", "rename", "verify"]
BACK = ["note database returned", "go back", "rename 2", "note went back"]
DOWN = ["migrate down", "database down", "step 2", "note database changed"]


@dataclass(frozen=True)
class Play:
    """A scene, how it ends, and the steps around and in which its run is killed.

    Attributes:
        chosen: the points that are tried each time; the others only with the full matrix.
        slot, version: what serves at the end, and its schema.
        kept: how many databases are kept at the end.
    """

    scene: Callable[[DemoStage, Path], DemoScene]
    steps: list[str]
    chosen: list[str]
    outcome: Outcome = Outcome.ROLLED_BACK
    slot: str = "green"
    version: str = "0001"
    kept: int = 0
    path: RunbookPath = field(default=take_back_with_schema)


def corrupted(demo: DemoStage, folder: Path, **changes: Any) -> DemoScene:
    scene = found(demo, folder, **changes)
    scene.query(CORRUPT)
    return scene


def spoiled(
    migration: str, rows: int = 0, *, backed_up: bool = False
) -> Callable[[DemoStage, Path], DemoScene]:
    """The target does not pass its verification."""
    return lambda demo, folder: failed(
        demo, folder, migration, accepting(rows), backed_up=backed_up, checks=ONLY_BLUE
    )


STAYS: dict[str, Any] = {"outcome": Outcome.WENT_BACK, "slot": "blue", "version": "0002"}
PLAYS = {
    "down": Play(
        lambda demo, folder: failed(demo, folder, "renamed"),
        [*STUDY, "database rehearse", "step", *DOWN, *FORWARD],
        ["after step", "after step 2"],
    ),
    "lossy": Play(
        lambda demo, folder: failed(demo, folder, "lossy", accepting(MOODS)),
        [
            "stop writes",
            "back up",
            "database back up",
            "dump",
            "note backed up",
            *DOWN,
            "resume writes",
            "prepare",
        ],
        ["after stop writes", "after dump", "after database down"],
    ),
    "restore": Play(
        lambda demo, folder: failed(demo, folder, "wrong_down", accepting(ALL), backed_up=True),
        ["database beside", "load", *STUDY, *SWAP, *FORWARD, *EXPORT],
        ["after close doors", "after database swap", "after rows of a table"],
        kept=1,
    ),
    "down, returned": Play(
        spoiled("renamed"),
        ["note verified", "return database", "database up", "step 3", *BACK],
        ["after database up", "after note database returned"],
        **STAYS,
    ),
    "lossy, returned": Play(
        spoiled("lossy", MOODS),
        [
            "return database",
            "database beside",
            "load",
            "note restored beside",
            "database swap",
            "close doors",
            "rename database 2",
            "rows of a table",
            "note exported",
            *BACK,
        ],
        ["after load", "after database swap"],
        kept=1,
        **STAYS,
    ),
    "restore, returned": Play(
        spoiled("wrong_down", ALL, backed_up=True),
        [
            "return database",
            "database swap back",
            "close doors 2",
            "rename database 4",
            "database export",
            *BACK,
        ],
        ["after close doors 2", "after database swap back"],
        kept=1,
        **STAYS,
    ),
    "corrupted": Play(
        corrupted,
        ["database beside", "load", *STUDY, *SWAP, "verify", *EXPORT],
        ["after database beside", "after rename database 2", "after note database changed"],
        Outcome.RESTORED,
        "blue",
        "0002",
        kept=1,
        path=mend_database,
    ),
}


def cases() -> list[Any]:
    return [
        pytest.param(
            play, point, again, id=f"{name}, {point}, {again}",
            marks=() if point in play.chosen else pytest.mark.full_matrix,
        )
        for name, play in PLAYS.items()
        for number, step in enumerate(play.steps)
        for point, again in ((f"before {step}", ANOTHER if number % 2 else SAME), (f"after {step}", SAME if number % 2 else ANOTHER))
    ]  # fmt: skip


def assert_ended_right(play: Play, scene: DemoScene) -> None:
    assert_ended_once(scene, play.outcome)
    assert scene.demo.serving() == play.slot
    assert scene.version() == play.version
    wait_until(lambda: scene.healthy(play.slot), f"{play.slot} on its database")
    assert len(scene.data("database changed")) == 1
    assert len(scene.data("database returned")) == (play.outcome is Outcome.WENT_BACK)
    assert len(scene.data("switched")) <= 1
    assert scene.query("SELECT count(*) FROM entries WHERE title LIKE 'Day %'") == [(ENTRIES,)]
    kept = scene.databases()
    assert len(kept) == play.kept, kept
    assert all(len(scene.titles(name)) >= ENTRIES for name in kept)
    assert open_to_all(scene)


def open_to_all(scene: DemoScene) -> bool:
    """Whether nothing is left closed or read-only."""
    query = "SELECT datallowconn, datconnlimit FROM pg_database WHERE datname = %s"
    with scene.demo.cluster.connect() as connection:
        row = connection.execute(query, [DATABASE]).fetchone()
    return row == (True, -1) and scene.query("SHOW default_transaction_read_only") == [("off",)]


@pytest.mark.parametrize("play", PLAYS.values(), ids=PLAYS)
def test_the_steps_are_steps_of_the_run(demo: DemoStage, tmp_path: Path, play: Play) -> None:
    runs = Runs(play.scene(demo, tmp_path), play.path, tmp_path)
    runs.start()
    assert {f"before {step}" for step in play.steps} <= set(runs.points())
    assert isinstance(runs.scene, DemoScene)
    assert_ended_right(play, runs.scene)


@pytest.mark.parametrize(("play", "point", "again"), cases())
def test_killed_at_an_act_on_the_database(
    demo: DemoStage, tmp_path: Path, play: Play, point: str, again: str
) -> None:
    scene = play.scene(demo, tmp_path)
    runs = Runs(scene, play.path, tmp_path)
    runs.start(dies_at=point)
    with demo.cluster.connect() as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    assert there, "at every instant there is a database under the application's name"
    runs.start(again)
    assert_ended_right(play, scene)
