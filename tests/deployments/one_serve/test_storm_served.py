"""Several applications go bad at once, on a real `serve`: each goes back once, in a run of its own."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from blocks.store import ahead
from deployments.prefect_api import PrefectApi
from deployments.storms import STORM
from domain.outcomes import Outcome
from tests.deployments.one_serve.test_alert_served import Alarmed
from tests.deployments.own_service import slots_of
from tests.deployments.process_tree import end_now
from tests.deployments.rollbacks import PAUSES, Service
from tests.deployments.served import wait_for

MANY = STORM


@pytest.fixture
def several(service: Service, tmp_path: Path) -> Iterator[list[Alarmed]]:
    """Applications that share nothing but the machine."""
    found = json.loads(service.home.serve_file.read_text())
    token = Path(found["api_token_file"]).read_text().strip()
    with ExitStack() as stack:
        made = []
        for number in range(MANY):
            folder = tmp_path / str(number)
            folder.mkdir()
            stage = stack.enter_context(slots_of(service, folder))
            one = Alarmed(service, stage.scene(folder), found["api_url"], token)
            one.apply(folder, alerts={"cool_down_s": 0}, checks=[_pauses(folder)])
            made.append(one)
        yield made


def _pauses(folder: Path) -> dict[str, Any]:
    """A check that names the process which asks, and can be made to wait."""
    script = folder / "pause"
    script.write_text(PAUSES)
    script.chmod(0o700)
    return {"kind": "command", "name": "pause", "argv": [str(script)]}


def post_all(several: list[Alarmed]) -> None:
    for one in several:
        one.break_it()
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(Alarmed.post, several))
    assert {answer.status_code for answer in answers} == {202}


def all_went_back_once(several: list[Alarmed]) -> bool:
    assert [one.wait_outcome() for one in several] == [Outcome.ROLLED_BACK] * MANY
    assert [one.scene.stage.serving() for one in several] == ["green"] * MANY
    return [len(one.scene.data("switched")) for one in several] == [1] * MANY


def went_ahead(one: Alarmed) -> bool:
    return any(data["run"].startswith(ahead.PREFIX) for data in one.scene.data("opened"))


def runs_of(one: Alarmed) -> list[str]:
    """The runs that Prefect made, which the incident belongs to."""
    with one.scene.installation() as here:
        return here.store.runs_of(one.scene.incident().id)


def test_each_goes_back_once_in_a_run_of_its_own(several: list[Alarmed]) -> None:
    post_all(several)
    assert all_went_back_once(several)
    assert any(map(went_ahead, several)), "no run's acts went ahead of it"
    for one in several:
        [run] = runs_of(one)
        with PrefectApi.find(one.service.home) as api:
            wait_for(lambda api=api, run=run: api.state(run).name == "RolledBack", f"the end of run {run}")  # type: ignore[misc]


def test_killed_while_they_go_ahead_prefects_runs_do_it(several: list[Alarmed], tmp_path: Path) -> None:
    pauses = [tmp_path / str(number) for number in range(MANY)]
    for folder in pauses:
        (folder / "pause.wait").touch()
    post_all(several)
    asking = wait_for(lambda: _asking(pauses), "two checks of one process")
    for folder in pauses:
        (folder / "pause.wait").unlink()
    end_now(asking)
    assert all_went_back_once(several)
    assert all(len(runs_of(one)) == 1 for one in several)


def _asking(pauses: list[Path]) -> int | None:
    """The process that acts for more than one application."""
    said = [file.read_text().strip() for folder in pauses if (file := folder / "pause.asked").exists()]
    return next((int(pid) for pid in said if pid and said.count(pid) > 1), None)
