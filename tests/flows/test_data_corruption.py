"""The data is wrong or gone: a verified backup takes its place, and what was there is kept, and can come back."""

from pathlib import Path
from typing import Any

import pytest

from domain.database.wish import Condition, DataState, Wish
from domain.outcomes import Outcome
from flows.database_path import mend_database
from tests.blocks.waiting import wait_until
from tests.flows.demo_stage import DemoScene, DemoStage
from tests.flows.seeds import ENTRIES, SESSIONS, writing
from tests.flows.test_explained import explained
from tests.flows.test_migration_failure import ON_ALL

ALL = 10**6
CORRUPT = "UPDATE entries SET title = '' WHERE id = 1"
LOSE = "DELETE FROM sessions WHERE token_hash LIKE 'other%'"
ANOTHER = "a run of another incident"

pytestmark = pytest.mark.usefixtures("patient")


def found(demo: DemoStage, folder: Path, wish: Wish | None = None, **changes: Any) -> DemoScene:
    """A backup was taken on the schema that serves now; nothing has happened to the data yet."""
    scene = demo.scene(folder, "renamed", **changes)
    scene.back_up()
    return scene.asks("data-corruption", wish or Wish(accept_data_loss=ALL))


@ON_ALL
def test_intact_data_is_never_replaced(demo: DemoStage, tmp_path: Path) -> None:
    scene = found(demo, tmp_path)
    assert scene.walk(mend_database) is Outcome.HELD
    assert "the data is intact; a restore needs one of: data corruption occurred" in scene.report()
    assert scene.databases() == []
    assert scene.order() == []


@ON_ALL
@pytest.mark.parametrize(("broken_by", "state"), [(CORRUPT, "corrupted"), (LOSE, "lost")])
def test_what_is_corrupted_or_lost_is_restored_and_the_old_is_kept(
    demo: DemoStage, tmp_path: Path, broken_by: str, state: str
) -> None:
    scene = found(demo, tmp_path)
    with writing(demo.stack.address) as writer:
        scene.query(broken_by)
        assert scene.walk(mend_database) is Outcome.RESTORED, scene.data("ending")
    assert scene.data("studied")[-1]["study"]["data"] == state
    assert scene.order() == ["database changed", "verified", "exported"]
    assert demo.serving() == "blue"
    assert scene.query("SELECT count(*) FROM entries WHERE title LIKE 'Day %'") == [(ENTRIES,)]
    assert scene.query("SELECT count(*) FROM sessions") == [(SESSIONS,)]
    [kept] = scene.databases()
    assert writer.written
    assert set(writer.written) <= scene.titles() | scene.titles(kept)
    exported = scene.data("exported")[-1]["tables"]
    text = "".join(Path(row["file"]).read_text() for row in exported)
    assert all(title in text for title in set(writer.written) - scene.titles())
    assert "the old one is kept as" in scene.report()
    assert {step.name: step.same for step in explained(scene).steps}["plan"]
    assert explained(scene).same, "the study of the database is on record, too"


def test_a_swap_back_brings_the_old_one_again(demo: DemoStage, tmp_path: Path) -> None:
    scene = found(demo, tmp_path)
    scene.query(CORRUPT)
    assert scene.walk(mend_database) is Outcome.RESTORED
    [kept] = scene.databases()
    wrong = scene.titles(kept)
    scene.query("INSERT INTO entries (user_id, title, content) VALUES (1, 'after the restore', '')")
    scene.asks("swap-back", Wish())
    assert scene.walk(mend_database, "who did not count") is Outcome.HELD
    assert "after the restore" in scene.titles()
    scene.asks("swap-back", Wish(accept_data_loss=ALL))
    assert scene.walk(mend_database, ANOTHER) is Outcome.RESTORED
    assert scene.titles() == wrong
    [kept] = scene.databases()
    assert "after the restore" in scene.titles(kept)
    with scene.installation() as here:
        newest = here.store.incidents(scene.name)[0]
        exported = [entry.data for entry in here.store.entries(newest.id) if entry.kind == "exported"]
    assert "after the restore" in Path(exported[0]["tables"][0]["file"]).read_text()


def test_a_person_sees_what_no_query_finds(demo: DemoStage, tmp_path: Path) -> None:
    scene = found(demo, tmp_path, Wish(data=DataState.CORRUPTED, accept_data_loss=ALL))
    scene.query("UPDATE entries SET content = 'overwritten'")
    assert scene.walk(mend_database) is Outcome.RESTORED
    assert scene.query("SELECT count(*) FROM entries WHERE content = 'overwritten'") == [(0,)]


def test_rows_written_since_the_backup_are_not_taken_out_unasked(demo: DemoStage, tmp_path: Path) -> None:
    scene = found(demo, tmp_path, Wish())
    scene.query("INSERT INTO entries (user_id, title, content) VALUES (1, '', ''), (1, 'written since', '')")
    assert scene.walk(mend_database) is Outcome.HELD
    assert (
        "2 rows would be lost (2 rows of public.entries: 2 written since), 0 are accepted" in scene.report()
    )
    assert scene.order() == []
    assert "written since" in scene.titles()


def test_a_broken_backup_is_passed_over_for_the_one_before(demo: DemoStage, tmp_path: Path) -> None:
    scene = found(demo, tmp_path)
    newest = scene.back_up()
    toc = Path(newest.path) / "toc.dat"
    toc.write_bytes(toc.read_bytes()[:-1])
    scene.query(CORRUPT)
    assert scene.walk(mend_database) is Outcome.RESTORED
    plan = scene.data("planned")[-1]["plan"]
    assert plan["database"]["backup"] != newest.name


def test_without_a_backup_of_this_schema_it_is_held(demo: DemoStage, tmp_path: Path) -> None:
    scene = demo.scene(tmp_path, "renamed", backed_up=True).asks(
        "data-corruption", Wish(accept_data_loss=ALL)
    )
    scene.query(CORRUPT)
    assert scene.walk(mend_database) is Outcome.HELD
    assert "no verified backup at schema 0002" in scene.report()


def test_a_restore_that_does_not_verify_is_swapped_back(demo: DemoStage, tmp_path: Path) -> None:
    """A person names a backup of an older schema, that the code cannot run on."""
    scene = demo.scene(tmp_path, "renamed", backed_up=True)
    [older] = scene.backups()
    wish = Wish(condition=Condition.CORRUPTION, backup=older.name, accept_data_loss=ALL)
    scene.asks("restore-database", wish)
    before = scene.titles()
    assert scene.walk(mend_database) is Outcome.WENT_BACK
    assert scene.order() == ["database changed", "verified", "exported", "database returned"]
    assert scene.titles() == before
    assert scene.version() == "0002"
    wait_until(lambda: scene.healthy("blue"), "blue on its database")
    assert "has its name again" in scene.report()


def test_sessions_that_cannot_be_ended_leave_it_as_it_was(
    demo: DemoStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.act.RETRY_S", [])
    scene = found(demo, tmp_path)
    scene.raw["database"]["drain_s"] = 0.5
    scene.query(CORRUPT)
    with demo.cluster.connect("journal") as superuser:
        superuser.execute("SET application_name = 'a stranger'")
        assert scene.walk(mend_database) is Outcome.HELD
    assert "still in use by postgres@local (a stranger" in scene.report()
    assert "" in scene.titles()
    wait_until(lambda: scene.healthy("blue"), "blue on its database")
    assert scene.walk(mend_database, ANOTHER) is Outcome.RESTORED
