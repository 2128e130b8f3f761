"""Several applications go bad at once, on a real `serve`: each goes back once, in a run of its own."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from deployments.going_ahead import STORM
from domain.outcomes import Outcome
from tests.deployments.one_serve.test_alert_served import Alarmed
from tests.deployments.own_service import slots_of
from tests.deployments.rollbacks import Service

MANY = STORM + 1


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
            one.apply(folder, alerts={"cool_down_s": 0})
            made.append(one)
        yield made


def test_each_goes_back_once(several: list[Alarmed]) -> None:
    for one in several:
        one.break_it()
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(Alarmed.post, several))
    assert {answer.status_code for answer in answers} == {202}
    assert [one.wait_outcome() for one in several] == [Outcome.ROLLED_BACK] * MANY
    assert [one.scene.stage.serving() for one in several] == ["green"] * MANY
    assert [len(one.scene.data("switched")) for one in several] == [1] * MANY
    assert any(one.scene.data("taken over") for one in several), "no run's acts went ahead of it"
