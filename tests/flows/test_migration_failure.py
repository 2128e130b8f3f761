"""A migration broke the application: code and schema go back together, in order, and no row is lost."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from blocks.migration_steps.lock import only_migration
from blocks.postgres.changes import PostgresChanges
from blocks.postgres.server import Server
from domain.consent import Answer, Approval
from domain.database.backup import Backup
from domain.database.wish import Condition, Wish
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.severity import Severity
from flows.answered_form import keep
from flows.conclude import Path as RunbookPath
from flows.database_path import take_back_with_schema
from tasks.case import Case
from tests.flows.demo_stage import DemoScene, DemoStage
from tests.flows.seeds import ENTRIES, MOODS, writing
from tests.flows.stage import ONLY_BLUE_PASSES

BROKEN = Wish(condition=Condition.SERVICE_FAILURE)
ON_BOTH = pytest.mark.parametrize("demo", [18, 15], indirect=True)
ON_ALL = pytest.mark.parametrize("demo", [18, pytest.param(15, marks=pytest.mark.full_matrix)], indirect=True)
TYPE_DIFFERS = "column public.entries.title is character varying(200), was text"
ONLY_BLUE: list[dict[str, Any]] = [{**ONLY_BLUE_PASSES[0], "path": "/api/health"}]

pytestmark = pytest.mark.usefixtures("patient")


def failed(demo: DemoStage, folder: Path, migration: str, wish: Wish = BROKEN, **changes: Any) -> DemoScene:
    return demo.scene(folder, migration, **changes).asks("migration-failure", wish)


def accepting(rows: int) -> Wish:
    return BROKEN.model_copy(update={"accept_data_loss": rows})


def answered(rows: int, said: Answer = Answer.APPROVE) -> RunbookPath:
    """The path, with a person's signed answer as soon as there is a plan."""

    def path(case: Case) -> None:
        note = case.note

        def noting(kind: Happened, **data: Any) -> None:
            note(kind, **data)
            if kind is Happened.PLANNED:
                given: dict[str, Any] = {"person": "bob", "via": "cli", "proven": True, "accepted_rows": rows}
                keep(case, Approval(incident=case.incident.id, plan=case.plan.digest(), answer=said, **given))

        case.note = noting  # type: ignore[method-assign]
        take_back_with_schema(case)

    return path


def assert_untouched(scene: DemoScene, databases: list[str]) -> None:
    assert scene.demo.serving() == "blue"
    assert scene.version() == "0002"
    assert "content" in scene.columns()
    assert len(scene.titles()) >= ENTRIES
    assert scene.databases() == databases
    assert scene.order() == []


def planned(scene: DemoScene) -> dict[str, Any]:
    plan: dict[str, Any] = scene.data("planned")[-1]["plan"]
    return plan


@ON_BOTH
def test_the_schema_goes_down_first_and_no_row_is_lost(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "renamed")
    assert not scene.healthy("green")
    with writing(demo.stack.address) as writer:
        assert scene.walk(take_back_with_schema) is Outcome.ROLLED_BACK
    assert demo.serving() == "green"
    assert scene.order() == ["database changed", "switched", "verified"]
    assert (scene.version(), "body" in scene.columns()) == ("0001", True)
    assert writer.written
    assert set(writer.written) <= scene.titles()
    assert len(scene.titles()) == ENTRIES + len(writer.written)
    assert scene.databases() == []
    assert "schema taken from 0002 to 0001" in scene.report()


@ON_ALL
def test_a_way_down_that_lands_elsewhere_is_refused_in_words(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "wrong_down")
    assert scene.walk(take_back_with_schema) is Outcome.HELD
    assert_untouched(scene, [])
    assert TYPE_DIFFERS in scene.report()
    assert "no verified backup at schema 0001" in scene.report()


@ON_BOTH
def test_where_the_way_down_is_wrong_a_backup_is_swapped_in(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "wrong_down", accepting(10**6), backed_up=True)
    with writing(demo.stack.address) as writer:
        assert scene.walk(take_back_with_schema) is Outcome.ROLLED_BACK
    assert demo.serving() == "green"
    assert scene.order() == ["database changed", "switched", "verified", "exported"]
    assert scene.version() == "0001"
    [kept] = scene.databases()
    [exported] = scene.data("exported")
    file = next(row["file"] for row in exported["tables"] if row["table"] == "public.entries")
    found = Path(file).read_text()
    live, old = scene.titles(), scene.titles(kept)
    assert writer.written
    assert set(writer.written) <= live | old
    assert all(title in found for title in set(writer.written) - live)
    assert len(old) >= ENTRIES


@ON_BOTH
def test_rows_are_lost_only_by_who_typed_their_number(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "lossy")
    with writing(demo.stack.address) as writer:
        assert scene.walk(answered(MOODS), severity=Severity.HIGH) is Outcome.ROLLED_BACK, scene.data(
            "ending"
        )
    plan = planned(scene)
    assert plan["confirm_rows"] == MOODS
    assert f"{MOODS} rows of public.entries: column mood" in plan["at_risk"]
    assert scene.order() == ["backed up", "database changed", "switched", "verified"]
    assert (scene.version(), "mood" in scene.columns()) == ("0001", False)
    assert set(writer.written) <= scene.titles()
    [backup] = scene.backups()
    assert backup.verified
    assert backup.manifest is not None
    assert backup.manifest.schema_version == "0002"
    assert f"backed up as {backup.name}" in scene.report()


def test_nobody_writes_from_the_backup_to_the_step_that_loses_rows(
    demo: DemoStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = failed(demo, tmp_path, "lossy", accepting(MOODS))
    back_up = PostgresChanges.back_up

    def written_after(self: PostgresChanges, *args: Any, **more: Any) -> Backup:
        made = back_up(self, *args, **more)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            scene.query("UPDATE entries SET mood = 'bad' WHERE id = 40")
        return made

    monkeypatch.setattr(PostgresChanges, "back_up", written_after)
    assert scene.walk(take_back_with_schema) is Outcome.ROLLED_BACK
    assert scene.query("UPDATE entries SET title = 'open again' WHERE id = 40 RETURNING 1") == [(1,)]


@pytest.mark.parametrize("asked", [{}, {"force": True}])
def test_nobody_loses_rows_unasked(demo: DemoStage, tmp_path: Path, asked: dict[str, Any]) -> None:
    scene = failed(demo, tmp_path, "lossy")
    assert scene.walk(take_back_with_schema, **asked) is Outcome.HELD
    assert_untouched(scene, [])
    assert f"{MOODS} rows would be lost ({MOODS} rows of public.entries: column mood), 0 are accepted" in (
        scene.report()
    )
    assert scene.backups() == []


@pytest.mark.parametrize("rows", [0, MOODS - 1])
def test_a_smaller_number_is_no_consent(demo: DemoStage, tmp_path: Path, rows: int) -> None:
    scene = failed(demo, tmp_path, "lossy", accepting(rows))
    assert scene.walk(answered(rows)) is Outcome.HELD
    assert_untouched(scene, [])


def test_a_no_is_a_no(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "lossy")
    assert scene.walk(answered(0, Answer.REJECT)) is Outcome.REJECTED
    assert_untouched(scene, [])


def test_who_accepted_the_rows_beforehand_is_not_asked(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "lossy", accepting(MOODS))
    assert scene.walk(take_back_with_schema) is Outcome.ROLLED_BACK
    assert scene.order() == ["backed up", "database changed", "switched", "verified"]


def test_while_another_migration_runs_nothing_is_changed(demo: DemoStage, tmp_path: Path) -> None:
    scene = failed(demo, tmp_path, "renamed")
    url = SecretStr(demo.stack.database_url)
    with only_migration(Server(url, url), None):
        assert scene.walk(take_back_with_schema) is Outcome.HELD
    assert_untouched(scene, [])
    assert "a migration is running" in scene.report()
    assert "nothing was changed" in scene.report()
