"""What staging serves goes to production, where its validation passed: JUnit XML, health, any command."""

from functools import partial
from pathlib import Path

import pytest

from blocks.application import Application
from blocks.document import Document
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.request import PROMOTE
from flows.path import go_forward
from flows.promote import _tried
from tasks.validate import served_release
from tests.flows.deploy_stage import QUICK, DeployScene, DeployStage
from tests.flows.stage import Stage

pytestmark = pytest.mark.usefixtures("impatient")

RESULTS = "<testsuite><testcase name='writes an entry'/><testcase name='logs in'>{}</testcase></testsuite>"


@pytest.fixture
def staging(stage: Stage, tmp_path: Path) -> Document:
    """1.0 serves there."""
    scene = stage.scene(tmp_path / "staging")
    stage.give_traffic_to("green")
    return scene.document


@pytest.fixture
def production(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    """2.0 serves; staging's results are looked at before."""
    validated = {"kind": "smoke_result", "name": "cypress", "file": str(tmp_path / "cypress.xml")}
    return tenths.deploy_scene(tmp_path, deploy={**QUICK, "before": [validated]})


def promoted(production: DeployScene, staging: Document) -> Outcome | None:
    path = partial(go_forward, staging=staging)
    return production.walk(path, runbook=PROMOTE, to=served_release(staging))


def test_what_staging_validated_gets_all_traffic(
    production: DeployScene, staging: Document, tmp_path: Path
) -> None:
    (tmp_path / "cypress.xml").write_text(RESULTS.format(""))
    assert promoted(production, staging) is Outcome.DEPLOYED, production.data("ending")
    assert production.stage.shares() == {"green": 100}
    [validated] = production.data("validated")
    assert [row["name"] for row in validated["findings"]] == ["health", "cypress"]


def test_a_failed_test_leaves_production_untouched_and_is_kept(
    production: DeployScene, staging: Document, tmp_path: Path
) -> None:
    (tmp_path / "cypress.xml").write_text(RESULTS.format("<failure/>"))
    before = production.stage.platform.slots()
    assert promoted(production, staging) is Outcome.HELD
    [ending] = production.data("ending")
    assert "cypress: 1 of 2 tests failed: logs in" in ending["why"]
    assert (production.stage.shares(), production.stage.platform.slots()) == ({"blue": 100}, before)
    kept = {path.name for path in production.home.evidence.rglob("validation*/*")}
    assert kept == {"cypress.xml", "green.log"}
    assert "cypress" in production.report()


def test_results_that_are_not_there_are_not_good_ones(production: DeployScene, staging: Document) -> None:
    assert promoted(production, staging) is Outcome.HELD
    assert production.stage.shares() == {"blue": 100}


def test_staging_that_is_not_well_is_not_promoted(
    production: DeployScene, staging: Document, stage: Stage, tmp_path: Path
) -> None:
    (tmp_path / "cypress.xml").write_text(RESULTS.format(""))
    (stage.folder / "green.unhealthy").touch()
    assert promoted(production, staging) is Outcome.HELD
    assert "health: http 503" in production.data("ending")[0]["why"]


def test_a_run_that_is_started_again_asks_staging_until_that_passed_and_no_longer(
    production: DeployScene, staging: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = Application.model_construct(name="shop/staging", source="", digest="", document={})
    monkeypatch.setattr("flows.promote.installation", production.installation)
    monkeypatch.setattr("flows.promote.document_of", lambda *_arguments: staging)
    with production.installation() as here:
        case = production.case(here, runbook=PROMOTE, to="0.9")
        assert _tried(block, "another run") == (staging, "1.0")
        assert _tried(block, case.run) == (staging, "0.9")
        case.note(Happened.VALIDATED, findings=[], ok=True, why="")
        assert _tried(block, case.run) == (None, "0.9")
