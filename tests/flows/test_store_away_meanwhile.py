"""The store's PostgreSQL is killed in the middle of a run: the run waits, and goes on where it stood, once."""

import logging
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect import runtime

from blocks import configuration
from blocks.application import Application
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.evidence import Evidence
from blocks.installation import installation
from blocks.platforms.processes import Processes
from blocks.routers import caddy_file
from blocks.store import configurations
from blocks.store.configurations import Applied
from domain.outcomes import Outcome
from flows import runbook
from flows.path import take_back
from tests.blocks.store.postgres import kill, own_home, running_postgres
from tests.flows.stage import Scene, Stage, standing

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    with running_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def own_stage(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with own_home(tmp_path_factory.mktemp("home"), postgres, "meanwhile") as home:
        with installation() as here:
            url = here.store.database.url
        with standing(tmp_path_factory.mktemp("slots"), url, home) as stage:
            yield stage


def once(act: Callable[..., Any], then: Callable[[], None]) -> Callable[..., Any]:
    """The act, and what happens right after its first time."""
    times: list[int] = []

    @wraps(act)
    def both(*args: Any, **kwargs: Any) -> Any:
        result = act(*args, **kwargs)
        times.append(1)
        if len(times) == 1:
            then()
        return result

    return both


@pytest.fixture
def ended(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """How runs ended. The server comes back while a run pauses, as `serve` starts it again."""
    outcomes: list[Outcome] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: _back(postgres))
    monkeypatch.setattr(runbook, "time", clock)
    monkeypatch.setattr(runbook, "get_run_logger", lambda: logging.getLogger("a test"))
    monkeypatch.setattr(runbook, "afterwards", lambda _case, _application, outcome: outcomes.append(outcome))
    flow_run = SimpleNamespace(parameters={}, id="the run", scheduled_start_time=None)
    monkeypatch.setattr(runtime, "flow_run", flow_run)
    return outcomes


def _back(postgres: EmbeddedPostgres) -> None:
    if postgres.has_ended():
        postgres.start_again()


def applied(scene: Scene) -> Application:
    raw = scene.raw
    digest = configuration.digest(raw)
    with scene.installation() as here:
        configurations.keep(here.store.database, Applied(scene.name, raw, digest, "a test"), "ann")
    return Application(name=scene.name, source="a test", digest=digest, document=raw)


@pytest.mark.parametrize(
    "where",
    [
        pytest.param((Processes, "prepare"), id="before the switch", marks=pytest.mark.full_matrix),
        pytest.param((caddy_file, "replace_file"), id="in the switch"),
        pytest.param((Evidence, "keep"), id="at the evidence", marks=pytest.mark.full_matrix),
    ],
)
def test_it_waits_and_goes_on(
    own_stage: Stage, postgres: EmbeddedPostgres, ended: list[Outcome], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str],
) -> None:  # fmt: skip
    owner, act = where
    scene = own_stage.scene(tmp_path)
    application = applied(scene)
    monkeypatch.setattr(runtime.flow_run, "id", f"run of {scene.name}")
    monkeypatch.setattr(owner, act, once(getattr(owner, act), lambda: kill(postgres)))
    state = runbook.run(application, scene.request(), take_back)
    assert ended == [Outcome.ROLLED_BACK], state.message
    assert own_stage.serving() == "green"
    assert len(scene.data("switched")) == 1
    assert scene.incident().outcome is Outcome.ROLLED_BACK
