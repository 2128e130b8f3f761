"""`--break-glass` on a real application, with a store that answers or not, and no Prefect."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from blocks.home import Home
from blocks.installation import installation
from blocks.local_ledger import LocalLedger
from deployments import break_glass
from deployments.own_file import remember
from domain.errors import LostLock, UnknownApplication, UnknownRelease
from domain.incident import Incident
from domain.outcomes import Outcome
from tests.blocks.store.postgres import running_postgres
from tests.flows.stage import Scene, Stage, standing

AWAY = "postgresql://127.0.0.1:1/nowhere"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with running_postgres() as postgres, pytest.MonkeyPatch.context() as patch:
        url = postgres.ensure_database("glass")
        home = Home(folder / "home").ensure()
        patch.setenv("BACKOUT_DATABASE_URL", url)
        with installation(home):
            pass
        with standing(folder, url, home) as stage:
            yield stage


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("BACKOUT_DATABASE_URL", stage.url)
    return stage.scene(tmp_path)


def broken_glass(scene: Scene, folder: Path, **fields: Any) -> int:
    """The command's exit code."""
    file = folder / "backout.yaml"
    other = {"name": "other/production", "platform": "nonsense"}
    slack = {"kind": "slack", "name": "ops", "token": "${NO_TOKEN}", "channel": "C1"}
    mine = {**scene.raw, "channels": [*scene.raw["channels"], slack]}
    file.write_text(yaml.safe_dump({"applications": [other, mine]}))
    with pytest.raises(typer.Exit) as end:
        break_glass.run(scene.home, scene.request(force=True, **fields), str(file), dry_run=False, json=False)
    return end.value.exit_code


def test_a_living_run_is_fenced_and_its_incident_finished(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with scene.installation() as here:
        living = scene.case(here)
        assert broken_glass(scene, tmp_path) == 0
        with pytest.raises(LostLock):
            living.ledger.check(living.hold)
        assert here.store.holder(scene.name) is None
        assert here.store.problems(living.incident.id) == []
    ended = scene.incident()
    assert (ended.id, ended.outcome) == (living.incident.id, Outcome.ROLLED_BACK)
    assert scene.stage.serving() == "green"
    said = capsys.readouterr()
    assert "NO_TOKEN" in said.err
    assert "backout reconcile" not in said.out
    assert f"report: {ended.report}" in said.out.replace("\n", "")
    assert f"`backout quarantine lift {scene.name} " in " ".join(said.out.split())


def test_what_serves_can_be_restarted_by_hand_alone(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_DATABASE_URL", AWAY)
    before = scene.stage.platform.instances("blue")
    assert broken_glass(scene, tmp_path, runbook="restart") == 0
    assert scene.stage.platform.instances("blue") != before
    assert scene.stage.serving() == "blue"


def test_without_an_answer_it_works_alone(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKOUT_DATABASE_URL", AWAY)
    assert broken_glass(scene, tmp_path, to="1.0") == 0
    assert scene.stage.serving() == "green"
    said = capsys.readouterr()
    assert "cannot be asked: a run that is still alive is not stopped" in " ".join(said.err.split())
    assert "report: " in said.out
    assert "backout reconcile" in said.out


def test_a_dry_run_says_why_nobody_is_asked(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backout.yaml"
    file.write_text(yaml.safe_dump({"applications": [scene.raw]}))
    break_glass.run(scene.home, scene.request(force=True, to="1.0"), str(file), dry_run=True, json=False)
    assert "nobody is asked (--break-glass)" in " ".join(capsys.readouterr().out.split())


def test_another_target_than_the_abandoned_incidents_is_not_ignored(scene: Scene, tmp_path: Path) -> None:
    with scene.installation() as here:
        abandoned = scene.case(here, to="1.0")
    broken_glass(scene, tmp_path, to="2.0")
    with scene.installation() as here:
        found = {one.id: (one.request.to, one.outcome) for one in here.store.incidents(scene.name)}
        assert here.store.holder(scene.name) is None
    assert found.pop(abandoned.incident.id) == ("1.0", Outcome.SUPERSEDED)
    [(to, outcome)] = found.values()
    assert (to, outcome) == ("2.0", Outcome.NOTHING_TO_DO)


def test_a_served_run_that_mirrors_in_between_ends_it_clearly(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_plan = LocalLedger.keep_plan

    def interrupted(self: LocalLedger, *given: Any) -> Any:
        kept = keep_plan(self, *given)
        self.mirror(Incident(id="of a served run", application=scene.name, request=scene.request()))
        return kept

    monkeypatch.setenv("BACKOUT_DATABASE_URL", AWAY)
    monkeypatch.setattr(LocalLedger, "keep_plan", interrupted)
    assert broken_glass(scene, tmp_path, to="1.0") == 1
    assert scene.stage.serving() == "blue"
    assert "another run took over" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of another application: the shell is there."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    other = {"name": "other/production", "platform": "nonsense"}
    (folder / "backout.yaml").write_text(yaml.safe_dump({"applications": [other]}))
    monkeypatch.chdir(folder)


@pytest.mark.usefixtures("elsewhere")
def test_beside_another_applications_file_the_one_last_applied_is_read(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    applied = tmp_path / "applied.yaml"
    applied.write_text(yaml.safe_dump({"applications": [scene.raw]}))
    remember(scene.home, scene.name, applied)
    break_glass.run(scene.home, scene.request(force=True, to="1.0"), None, dry_run=True, json=True)
    said = capsys.readouterr()
    assert '"to_release": "1.0"' in said.out
    assert f"{scene.name} is not in backout.yaml (it describes other/production)" in " ".join(
        said.err.split()
    )
    assert f"reads {applied}" in said.err.replace("\n", "")


@pytest.mark.usefixtures("elsewhere")
def test_where_no_file_describes_it_all_that_were_read_are_named(scene: Scene, tmp_path: Path) -> None:
    applied = tmp_path / "applied.yaml"
    applied.write_text(yaml.safe_dump({"applications": [{"name": "third/production"}]}))
    remember(scene.home, scene.name, applied)
    with pytest.raises(UnknownApplication) as caught:
        break_glass.run(scene.home, scene.request(force=True), None, dry_run=True, json=True)
    for words in ("backout.yaml", str(applied), "other/production, third/production", "--file"):
        assert words in str(caught.value)


def test_a_release_that_no_slot_holds_begins_nothing(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "backout.yaml"
    file.write_text(yaml.safe_dump({"applications": [scene.raw]}))
    with pytest.raises(UnknownRelease):
        break_glass.run(scene.home, scene.request(force=True, to="9.9"), str(file), dry_run=False, json=False)
    with scene.installation() as here:
        assert here.store.incidents(scene.name) == []
