"""`backout promote` through Prefect to its end: a gate on the way, and a failed test on staging that leaves production untouched."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.outcomes import Outcome
from tests.deployments.rollbacks import Service, Shop
from tests.deployments.served import wait_for
from tests.flows.deploy_stage import QUICK, DeployScene, DeployStage
from tests.flows.stage import Stage

LONG_S = 600
RESULTS = "<testsuite><testcase name='writes an entry'/><testcase name='logs in'>{}</testcase></testsuite>"


@pytest.fixture
def staging(service: Service, slots: Stage, tmp_path: Path) -> Iterator[str]:
    """1.0 serves there; its name."""
    (tmp_path / "staging").mkdir()
    made = Shop(service, slots.scene(tmp_path / "staging"), tmp_path / "staging")
    made.apply({})
    slots.give_traffic_to("green")
    yield made.scene.name
    slots.give_traffic_to("blue")
    made.api.close()


@pytest.fixture
def cypress(tmp_path: Path) -> Path:
    return tmp_path / "cypress.xml"


@pytest.fixture
def production(service: Service, tenths: DeployStage, tmp_path: Path, cypress: Path) -> Iterator[Shop]:
    """2.0 serves, the other slot holds 0.9; staging's results are looked at before, and a person is asked at 50 %."""
    deploy = {
        **QUICK,
        "gates": [50],
        "before": [{"kind": "smoke_result", "name": "cypress", "file": str(cypress)}],
    }
    made = Shop(service, tenths.deploy_scene(tmp_path, holds="0.9", deploy=deploy), tmp_path)
    made.apply({})
    yield made
    made.api.close()


def promote(production: Shop, staging: str, **changes: Any) -> str:
    """A promotion as the UI's form starts it, with these settings of `deploy` changed; the run."""
    production.scene.raw["deploy"] |= changes
    production.apply({})
    return production.start("promote", staging=production.api.application_block(staging))


def stands(production: Shop) -> tuple[dict[str, int], str | None]:
    """Its shares, and what green holds."""
    assert isinstance(production.scene, DeployScene)
    stage = production.scene.stage
    return stage.shares(), stage.platform.slot("green").version


def test_what_staging_serves_is_deployed_to_its_end_with_a_yes_at_the_gate(
    production: Shop, staging: str, cypress: Path
) -> None:
    cypress.write_text(RESULTS.format(""))
    name = production.scene.name
    promoted = production.run_command("promote", name, "--from", staging, "--reason", "sprint 12", "--yes")
    assert promoted.returncode == 1, promoted.stderr
    assert "more than 50 % of the traffic" in promoted.stdout
    assert "it still waits for consent" in promoted.stdout
    assert stands(production) == ({"blue": 50, "green": 50}, "1.0")
    status = production.run_command("status", name)
    assert "it waits for consent of 1 person to more than 50 % of the traffic" in status.stdout
    incident = production.scene.incident()
    approved = production.run_command("approve", incident.id, "--reason", "the numbers are good")
    assert approved.returncode == 0, approved.stderr
    with production.scene.installation() as here:
        [run] = here.store.runs_of(incident.id)
    production.wait_state(run, "Deployed")
    assert stands(production) == ({"green": 100}, "1.0")
    assert [row["name"] for row in production.scene.data("validated")[0]["findings"]] == ["health", "cypress"]


@pytest.mark.full_matrix
def test_a_failed_test_on_staging_leaves_production_untouched_and_is_kept(
    production: Shop, staging: str, cypress: Path
) -> None:
    cypress.write_text(RESULTS.format("<failure/>"))
    before = stands(production)
    promoted = production.run_command("promote", production.scene.name, "--from", staging, "--json")
    assert promoted.returncode == 1
    said = json.loads(promoted.stdout)
    assert said["outcome"] == Outcome.HELD
    assert "cypress: 1 of 2 tests failed: logs in" in said["why"]
    assert stands(production) == before == ({"blue": 100}, "0.9")
    incident = production.scene.incident().id
    kept = {path.name for path in production.service.home.evidence.rglob(f"*{incident}*/validation*/*")}
    assert kept == {"cypress.xml", "green.log"}


@pytest.mark.full_matrix
def test_killed_while_traffic_is_shared_out_it_is_started_again_and_goes_back(
    production: Shop, staging: str, cypress: Path
) -> None:
    cypress.write_text(RESULTS.format(""))
    run = promote(production, staging, step_s=LONG_S)
    wait_for(lambda: stands(production)[0] == {"blue": 90, "green": 10}, "the first share")
    production.kill_process_of(run)
    production.wait_state(run, "WentBack")
    assert "Crashed" in production.history(run)
    assert stands(production)[0] == {"blue": 100}
    assert production.scene.incident().outcome is Outcome.WENT_BACK


@pytest.mark.full_matrix
def test_killed_after_all_traffic_it_is_started_again_and_goes_on_without_staging(
    production: Shop, staging: str, cypress: Path
) -> None:
    cypress.write_text(RESULTS.format(""))
    run = promote(production, staging)
    production.wait_state(run, "Suspended")
    production.hold_verification()
    Path(f"{production.pause}.asked").unlink()
    approved = production.run_command("approve", production.scene.incident().id, "--reason", "go on")
    assert approved.returncode == 0, approved.stderr
    process = production.verifying_process()
    assert stands(production) == ({"green": 100}, "1.0")
    cypress.write_text(RESULTS.format("<failure/>"))
    os.kill(process, signal.SIGKILL)
    production.let_go()
    production.wait_state(run, "Deployed")
    assert "Crashed" in production.history(run)
    assert stands(production) == ({"green": 100}, "1.0")
    assert len(production.scene.data("validated")) == 1
