"""What the systems' deploys have in common: what is asked for, how fast it is, and something that happens in the middle."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from domain.outcomes import Outcome
from domain.request import DEPLOY, Kind
from domain.severity import Severity
from examples.demo.load import Load
from examples.demo.tally import Window
from flows.path import go_forward
from tasks.analyse import analyse, watch_release
from tasks.case import Case
from tests.flows.stage import Scene

QUICK: dict[str, Any] = {"step_s": 0, "every_s": 0.05, "wait_s": 10, "watch_s": 0.05}
"""Over the example's own `deploy`: what takes minutes there is over when it is decided."""


def deploy_of(release: str) -> dict[str, Any]:
    """The request, as `backout deploy` makes it."""
    return {"runbook": DEPLOY, "kind": Kind.DEPLOY, "to": release, "severity": Severity.LOW}


def asking_for(scene: Scene, release: str) -> Scene:
    """The same scene; all its runs ask for this deploy."""
    scene.request = partial(scene.request, **deploy_of(release))  # type: ignore[method-assign]
    return scene


def deployed_under_load(
    scene: Scene, release: str, url: str, rate: float = 50, clients: int = 2
) -> tuple[Outcome | None, Window]:
    """How its deploy ended, and what users had meanwhile, who ask for this URL `rate` times a second together."""
    users = Load(url, clients=clients, rate=rate).start()
    try:
        outcome = scene.walk(go_forward, **deploy_of(release))
    finally:
        counted = users.stop().total
    assert counted.requests > 0
    return outcome, counted


def at_share(patch: pytest.MonkeyPatch, share: int, act: Callable[[], object]) -> None:
    """Do it once the new release has this share, before that step is looked at."""

    def then(case: Case, plan: Any, given: int, seconds: float) -> None:
        if given == share:
            act()
        analyse(case, plan, given, seconds)

    patch.setattr("tasks.shift.analyse", then)


def after_all_traffic(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do it once the new release has all of it and was verified."""

    def then(case: Case, plan: Any) -> None:
        act()
        watch_release(case, plan)

    patch.setattr("flows.path.watch_release", then)
