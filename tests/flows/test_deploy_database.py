"""A deploy that brings a migration, on the demo application and a real PostgreSQL: tried on a clone, backed up, run, shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.store import schemas
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.request import DEPLOY, Kind
from domain.severity import Severity
from examples.demo.stack import Release
from flows.intake import after_the_end
from flows.path import go_forward
from tasks.recorded import recorded as again
from tasks.study_database import planned
from tests.flows.demo_stage import OLD, DemoScene, DemoStage
from tests.flows.deploy_stage import NEW, QUICK
from tests.flows.killing import Runs

pytestmark = pytest.mark.usefixtures("patient")

ADDS = "ALTER TABLE entries ADD body text", "ALTER TABLE entries DROP body"
BREAKS = "ALTER TABLE entries ADD body text; ALTER TABLE entries DROP content", None


@pytest.fixture
def journal(demo: DemoStage, tmp_path: Path) -> Iterator[DemoScene]:
    """2.0 serves on 0002; 3.0 goes to green, whose program needs the column that its migration brings."""
    settings = {**QUICK, "path": "/", "watch_s": 0}
    made = demo.scene(tmp_path, deploy=settings)
    made.asked = {"runbook": DEPLOY, "kind": Kind.DEPLOY, "to": NEW, "severity": Severity.LOW}
    yield made
    demo.give_traffic_to("blue")
    demo.platform.deploy("green", OLD.version, {})


def brings(demo: DemoStage, up: str, down: str | None) -> None:
    folder = demo.stack.lay_out(Release(NEW, migration="renamed"))
    (folder / "0003_body.up.sql").write_text(up)
    if down is not None:
        (folder / "0003_body.down.sql").write_text(down)


def done(journal: DemoScene) -> list[str]:
    """What was done, in order, once each."""
    wanted = ("backed up", "migrated up", "installed", "shifted", "switched", "verified")
    with journal.installation() as here:
        kinds = [entry.kind for entry in here.store.entries(journal.incident().id)]
    return list(dict.fromkeys(kind for kind in kinds if kind in wanted))


def test_it_is_tried_then_backed_up_then_run_before_the_release_comes(
    journal: DemoScene, demo: DemoStage
) -> None:
    brings(demo, *ADDS)
    assert journal.walk(go_forward) is Outcome.DEPLOYED, journal.data("ending")
    assert done(journal) == ["backed up", "migrated up", "installed", "shifted", "switched", "verified"]
    assert (journal.version(), demo.serving(), len(journal.backups())) == ("0003", "green", 1)
    assert "migrations 0003 on schema 0002; up and down again were tried on a clone" in journal.report()
    with journal.installation() as here:
        [newest, *_] = here.store.releases(journal.name)
        assert (newest.version, newest.schema_version) == (NEW, "0003")
        assert newest.schema_fingerprint
        journal.raw["database"] = {
            **journal.raw["database"],
            "url": "postgresql://journal@127.0.0.1:1/journal",
        }
        unreachable = after_the_end(here, journal.document, newest.incident or "", "again")
        assert again(unreachable, unreachable.plan) == newest


def test_what_breaks_the_serving_release_is_at_risk_and_changes_nothing(
    journal: DemoScene, demo: DemoStage
) -> None:
    brings(demo, *BREAKS)
    with journal.installation() as here:
        plan = planned(here, journal.document, journal.request(dry_run=True))
    assert plan.decision is Decision.DEPLOY
    assert plan.consent is not None
    assert "there is no way down again" in plan.at_risk[0]
    assert "column public.entries.content is gone" in plan.at_risk[1]
    assert (journal.version(), demo.serving()) == ("0002", "blue")


def test_a_migration_that_fails_on_the_clone_holds(journal: DemoScene, demo: DemoStage) -> None:
    brings(demo, "ALTER TABLE entry ADD body text", None)
    assert journal.walk(go_forward) is Outcome.HELD
    assert "its migrations fail on a clone" in journal.data("ending")[0]["why"]
    assert (journal.version(), demo.serving(), journal.backups()) == ("0002", "blue", [])


@pytest.mark.parametrize("point", ["before database up", "after database up"])
def test_killed_while_it_migrates_it_goes_on(
    journal: DemoScene, demo: DemoStage, tmp_path: Path, point: str
) -> None:
    brings(demo, *ADDS)
    runs = Runs(journal, go_forward, tmp_path)
    runs.start(dies_at=point)
    runs.start()
    assert journal.incident().outcome is Outcome.DEPLOYED
    assert (journal.version(), demo.serving(), len(journal.backups())) == ("0003", "green", 1)
    with journal.installation() as here:
        before = schemas.of(here.store.database, journal.name, "0002")
    assert before is not None
    assert "column public.entries.content" in before.objects
    assert "column public.entries.body" not in before.objects
