"""Where an act is done: tried again or not, noted, fenced, and the same inside and outside of a Prefect flow."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from blocks.host_lock import host_lock
from blocks.installation import Installation
from domain.errors import BackoutError, Busy, ConfigurationError, LostLock, Unreachable
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from tasks import act as act_module
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended, Interrupted
from tests.flows.stage import Scene, Stage

AWAY = Unreachable(what_it_is="a router", address="here", why="refused")
WRONG = ConfigurationError(file="backout.yaml", key="name", problem="is wrong")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act_module, "RETRY_S", [0.01, 0.01, 0.01])


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path)


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


@pytest.fixture
def case(scene: Scene, here: Installation) -> Case:
    return scene.case(here)


def failing(errors: list[Exception], *, changes: bool = False) -> Callable[[Case], str]:
    """An act that raises these errors, one a try, and then goes well."""

    @act("try", changes=changes)
    def attempt(_case: Case) -> str:
        if errors:
            raise errors.pop(0)
        return "done"

    return attempt


class Collected(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def kinds(scene: Scene) -> list[str]:
    with scene.installation() as here:
        return [entry.kind for entry in here.store.entries(scene.incident().id)][1:]


def test_what_can_pass_is_tried_again(case: Case, scene: Scene) -> None:
    assert failing([AWAY, AWAY])(case) == "done"
    assert kinds(scene) == ["act started", "act failed"] * 2 + ["act started", "act done"]


def test_the_last_try_is_the_last(case: Case) -> None:
    errors: list[Exception] = [AWAY] * 9
    with pytest.raises(Unreachable):
        failing(errors)(case)
    assert len(errors) == 9 - 4


@pytest.mark.parametrize("error", [WRONG, LostLock(application="shop/production", incident="one")])
def test_what_cannot_pass_is_not_tried_again(case: Case, error: BackoutError) -> None:
    errors: list[Exception] = [error, error]
    with pytest.raises(type(error)):
        failing(errors)(case)
    assert len(errors) == 1


def test_an_end_is_no_failure(case: Case, scene: Scene) -> None:
    with pytest.raises(Ended):
        failing([Ended(Outcome.HELD, "no target")])(case)
    assert kinds(scene) == ["act started", "act done"]


def test_a_change_is_refused_to_who_lost_the_lock(case: Case, scene: Scene, here: Installation) -> None:
    scene.case(here)
    with pytest.raises(LostLock):
        failing([], changes=True)(case)
    assert failing([])(case) == "done"
    assert "act started" in kinds(scene)


@pytest.mark.parametrize("lasting", [False, True])
def test_others_may_act_beside_a_lasting_change_that_has_begun(case: Case, *, lasting: bool) -> None:
    @act("try", changes=True, lasting=lasting)
    def taken_beside(case: Case) -> bool:
        with suppress(Busy), host_lock(case.installation.home, case.document.name, timeout_s=0):
            return True
        return False

    assert taken_beside(case) is lasting


def test_no_act_begins_after_ctrl_c(case: Case, scene: Scene) -> None:
    case.stopping.set()
    with pytest.raises(Interrupted):
        failing([])(case)
    assert kinds(scene) == []


@pytest.fixture(scope="module")
def _prefect() -> Iterator[None]:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.mark.usefixtures("_prefect")
class TestInAFlow:
    """The same as tasks of a Prefect flow."""

    def _states(self, attempt: Callable[[Case], str], case: Case) -> tuple[Any, list[str]]:
        """What came of it, and the states its tasks ended in."""
        from prefect import flow
        from prefect.context import FlowRunContext

        found: list[Any] = []
        states: list[str] = []

        @flow
        def runbook() -> None:
            context = FlowRunContext.get()
            assert context is not None
            try:
                found.append(attempt(case))
            except Exception as error:  # noqa: BLE001 - whatever the act raised is what is looked at
                found.append(error)
            states.extend(str(state.name) for state, *_ in context.run_results.values())

        runbook()
        return found[0], states

    def test_what_can_pass_is_tried_again(self, case: Case, scene: Scene) -> None:
        found, _ = self._states(failing([AWAY, AWAY]), case)
        assert found == "done"
        assert kinds(scene).count("act failed") == 2

    def test_what_cannot_pass_is_not_tried_again(self, case: Case) -> None:
        errors: list[Exception] = [WRONG, WRONG]
        found, _ = self._states(failing(errors), case)
        assert isinstance(found, ConfigurationError)
        assert len(errors) == 1

    def test_what_it_did_is_in_prefects_log(self, case: Case) -> None:
        @act("try")
        def switch(case: Case) -> str:
            receipt = {"changed": True, "before": "blue", "after": "green"}
            case.note(Happened.SWITCHED, receipt=receipt)
            raise WRONG

        logged = Collected()
        log = logging.getLogger("prefect.task_runs")
        log.addHandler(logged)
        try:
            self._states(switch, case)
        finally:
            log.removeHandler(logged)
        said = [(record.levelname, record.getMessage()) for record in logged.records]
        assert ("INFO", "traffic moved from blue to green") in said
        assert ("WARNING", "try failed: backout.yaml: name: is wrong") in said

    def test_an_end_completes_its_task(self, case: Case, scene: Scene) -> None:
        found, states = self._states(failing([Ended(Outcome.HELD, "no target")]), case)
        assert isinstance(found, Ended)
        assert set(states) == {"Completed"}
        assert kinds(scene) == ["act started", "act done"]
