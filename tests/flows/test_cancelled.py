"""Where a run stood when it was cancelled decides how its incident ends; traffic is never moved any more."""

from collections.abc import Iterator
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.platforms.processes import Processes
from domain.errors import Unreachable
from domain.outcomes import Outcome
from flows.cancelled import stop_here
from flows.conclude import conclude
from flows.path import take_back
from tasks.ended import Interrupted
from tests.flows.stage import Scene

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def stopped_at(here: Installation, scene: Scene, kind: str, act: str) -> None:
    """A run that is stopped right after this entry of this act's."""
    case = scene.case(here)
    note = case.note

    def stop(noted: Any, **data: Any) -> None:
        note(noted, **data)
        if (noted, data.get("act")) == (kind, act):
            raise Interrupted(act)

    case.note = stop  # type: ignore[method-assign,assignment]
    with pytest.raises(Interrupted):
        conclude(case, take_back)


def end(here: Installation, scene: Scene) -> tuple[Outcome, str]:
    begun = scene.case(here)
    ended = conclude(begun, stop_here)
    assert here.store.holder(scene.name) is None
    assert "cancelled in Prefect's UI" in scene.report()
    assert len(scene.data("closed")) == 1
    return ended


@pytest.mark.parametrize("act", ["survey", "assess", "preserve", "prepare"])
def test_before_the_switch_nothing_was_changed(here: Installation, scene: Scene, act: str) -> None:
    stopped_at(here, scene, "act started", act)
    outcome, why = end(here, scene)
    assert outcome is Outcome.REJECTED
    assert "nothing was changed" in why
    assert scene.stage.serving() == "blue"


def test_at_a_switch_that_did_not_take_place(here: Installation, scene: Scene) -> None:
    stopped_at(here, scene, "act started", "switch")
    outcome, why = end(here, scene)
    assert outcome is Outcome.REJECTED
    assert "traffic is on blue, as before" in why
    assert scene.data("switched") == []


def test_between_the_switch_and_its_entry(here: Installation, scene: Scene) -> None:
    stopped_at(here, scene, "act started", "switch")
    scene.stage.give_traffic_to("green")
    outcome, why = end(here, scene)
    assert outcome is Outcome.ROLLED_BACK
    assert "green (1.0) serves, and is verified" in why
    [switched] = scene.data("switched")
    assert switched["receipt"]["changed"]
    assert scene.stage.serving() == "green"


@pytest.mark.parametrize(("sick", "outcome"), [(False, Outcome.ROLLED_BACK), (True, Outcome.STUCK)])
def test_after_the_switch_what_serves_is_looked_at(
    here: Installation, scene: Scene, sick: bool, outcome: Outcome
) -> None:
    stopped_at(here, scene, "act started", "verify")
    if sick:
        (scene.stage.folder / "green.unhealthy").touch()
    assert end(here, scene)[0] is outcome
    assert scene.stage.serving() == "green"
    assert scene.data("went back") == []


def test_after_traffic_was_verified(here: Installation, scene: Scene) -> None:
    stopped_at(here, scene, "act done", "verify")
    assert end(here, scene)[0] is Outcome.ROLLED_BACK
    assert len(scene.data("verified")) == 1


def test_on_the_way_back(spoiled: Scene) -> None:
    with spoiled.installation() as here:
        stopped_at(here, spoiled, "act started", "go back")
        outcome, why = end(here, spoiled)
    assert outcome is Outcome.STUCK
    assert "green (1.0) serves, and did not verify" in why
    assert spoiled.stage.serving() == "green"


def test_when_it_was_back_already(spoiled: Scene) -> None:
    with spoiled.installation() as here:
        stopped_at(here, spoiled, "act done", "go back")
        assert end(here, spoiled)[0] is Outcome.WENT_BACK
    assert spoiled.stage.serving() == "blue"


def test_where_traffic_cannot_be_told(
    here: Installation, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at(here, scene, "act started", "verify")

    def away(_self: Processes) -> Any:
        raise Unreachable(what_it_is="the router", address="here", why="refused")

    with monkeypatch.context() as patch:
        patch.setattr(Processes, "route", away)
        outcome, why = end(here, scene)
    assert outcome is Outcome.STUCK
    assert "cannot be told" in why


def test_traffic_that_somebody_moved_elsewhere_is_left_there(here: Installation, scene: Scene) -> None:
    stopped_at(here, scene, "act started", "verify")
    scene.stage.active.write_text("127.0.0.1:1")
    outcome, why = end(here, scene)
    assert outcome is Outcome.HELD
    assert "left there" in why
