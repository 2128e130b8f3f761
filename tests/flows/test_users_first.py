"""On one host: what comes after a switch waits for runs before theirs, and what calls people never does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blocks import users_first
from blocks.home import Home
from domain.errors import VerificationFailed
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.plan import Plan
from flows import path
from flows.intake import _follow
from flows.path import take_back_now
from tasks import finish, give_way
from tasks.case import Case
from tests.flows.stage import Scene, Stage

FIRED = [Finding(name="health", on="router", verdict=Verdict.BAD, said="503")]


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Iterator[Scene]:
    users_first.served()  # what a test before left in this process
    yield stage.scene(tmp_path)
    users_first.served()


@pytest.fixture
def leisure(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that what comes after a switch gave way; with the number of runs that act then."""
    entered: list[int] = []

    @contextmanager
    def noted(home: Home) -> Iterator[None]:
        entered.append(len(acting(home)))
        yield

    monkeypatch.setattr(finish, "at_leisure", noted)
    return entered


def acting(home: Home) -> list[Path]:
    folder = home.state / "users-wait"
    return list(folder.iterdir()) if folder.exists() else []


def home_of(scene: Scene) -> Home:
    with scene.installation() as here:
        return here.home


def test_a_run_acts_for_users_until_it_gives_way(scene: Scene, leisure: list[int]) -> None:
    seen: list[int] = []

    def watched(case: Case) -> None:
        seen.append(len(acting(case.installation.home)))
        take_back_now(case)

    assert scene.walk(watched, detection=FIRED) is Outcome.ROLLED_BACK
    assert seen == [1]
    assert leisure == [0]


def test_an_end_that_calls_people_waits_for_nobody(
    scene: Scene, leisure: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_case: Case, _plan: Plan) -> None:
        raise VerificationFailed(slot="green", bad=["health: 503"])

    monkeypatch.setattr(path, "verify", fails)
    assert scene.walk(take_back_now, detection=FIRED) is Outcome.WENT_BACK
    assert leisure == []
    assert acting(home_of(scene)) == []


def test_who_follows_another_run_keeps_nobody_waiting(scene: Scene) -> None:
    assert scene.walk(take_back_now, detection=FIRED) is Outcome.ROLLED_BACK
    with scene.installation() as here:
        users_first.begin(here.home)
        assert len(acting(here.home)) == 1
        _follow(here, scene.incident().id, scene.name)
        assert acting(here.home) == []


def test_outside_of_prefect_nothing_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_of(scene)
    waited: list[Home] = []

    @contextmanager
    def noted(where: Home) -> Iterator[None]:
        waited.append(where)
        yield

    monkeypatch.setattr(give_way, "after_users", noted)
    with give_way.at_leisure(home):
        assert waited == []
    monkeypatch.setattr(give_way, "in_flow", lambda: True)
    with give_way.at_leisure(home):
        assert waited == [home]
