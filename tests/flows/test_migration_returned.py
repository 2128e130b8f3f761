"""A migration broke the application, and the way back did not work out: the database is returned to what it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.outcomes import Outcome
from flows.database_path import take_back_with_schema
from tests.blocks.waiting import wait_until
from tests.flows.demo_stage import DemoStage
from tests.flows.seeds import ENTRIES, MOODS, writing
from tests.flows.test_migration_failure import ONLY_BLUE, accepting, failed

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def degraded(demo: DemoStage) -> Iterator[None]:
    """1.0 has a fault of its own, that only shows when its schema is back."""
    demo.give_traffic_to("blue")
    demo.platform.deploy("green", "1.0", {"FAULT": "degraded", "FAULT_AFTER": "0"})
    yield
    demo.give_traffic_to("blue")
    demo.platform.deploy("green", "1.0", {})


@pytest.mark.usefixtures("degraded")
@pytest.mark.full_matrix
def test_where_the_target_is_not_healthy_after_all_the_schema_is_returned(
    demo: DemoStage, tmp_path: Path
) -> None:
    scene = failed(demo, tmp_path, "renamed")
    with writing(demo.stack.address) as writer:
        assert scene.walk(take_back_with_schema) is Outcome.WENT_BACK
    assert demo.serving() == "blue"
    assert scene.order() == ["database changed", "database returned"]
    assert (scene.version(), "content" in scene.columns()) == ("0002", True)
    wait_until(lambda: scene.healthy("blue"), "blue on its schema")
    assert set(writer.written) <= scene.titles()
    assert "degraded" in scene.report()


@pytest.mark.parametrize(
    ("migration", "accepted", "backed_up", "how"),
    [
        ("renamed", 0, False, "up again to 0002"),
        ("lossy", MOODS, False, "restored from"),
        ("wrong_down", 10**6, True, "has its name again"),
    ],
)
def test_what_does_not_verify_is_returned_with_its_schema(
    demo: DemoStage, tmp_path: Path, migration: str, accepted: int, backed_up: bool, how: str
) -> None:
    scene = failed(demo, tmp_path, migration, accepting(accepted), backed_up=backed_up, checks=ONLY_BLUE)
    assert scene.walk(take_back_with_schema) is Outcome.WENT_BACK
    assert demo.serving() == "blue"
    wait_until(lambda: scene.healthy("blue"), "blue on its schema")
    assert scene.order()[-2:] == ["database returned", "went back"]
    assert scene.version() == "0002"
    assert len(scene.titles()) == ENTRIES
    if migration == "lossy":
        assert scene.query("SELECT count(*) FROM entries WHERE mood = 'good'") == [(MOODS,)]
    [returned] = scene.data("database returned")
    assert how in returned["how"]
    assert "smoke" in returned["error"]
    assert "slot green does not pass: smoke" in scene.report()
    assert how in scene.report()


def test_where_returning_fails_too_both_errors_are_told(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "renamed", checks=ONLY_BLUE)
    up = demo.stack.migrations_folder("2.0") / "0002_content.up.sql"
    up.write_text("ALTER TABLE entries RENAME COLUMN body TO no_such.name;")
    assert scene.walk(take_back_with_schema) is Outcome.STUCK
    assert "smoke" in scene.report()
    assert "0002 up" in scene.report()
    assert "going back failed too" in scene.data("ending")[-1]["why"]
