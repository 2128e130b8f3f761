"""When it is plain that a slot will not come up. Its sights are made up: on the real engine see `test_compose.py`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from blocks.containers.container import Container
from blocks.containers.proving import Sight, prove
from blocks.containers.slot_services import SlotServices
from blocks.platforms.contract import Standing, Unproven
from domain.findings import Finding, Verdict
from domain.release import Slot

PLACE = SlotServices(services=["web"], address="http://127.0.0.1:8080")


def sight(**more: Any) -> Sight:
    given = {
        "id": "f00d",
        "name": "web-1",
        "service": "web",
        "image": "shop:2",
        "image_id": "sha256:00",
        "state": "running",
    }
    one = Container(**{**given, "since": datetime.now(UTC), **more})
    return Sight(PLACE.slot("green", [one], []), [one])


def well(slot: Slot) -> list[Finding]:
    return [Finding(name="health", on=slot.name, verdict=Verdict.OK, said="http 200")]


def ill(slot: Slot) -> list[Finding]:
    return [Finding(name="health", on=slot.name, verdict=Verdict.BAD, said="http 503", symptom="http 503")]


def outcome(sights: list[Sight], within_s: float = 30.0, look: Any = well) -> Standing | Unproven:
    """What is found of a slot that is seen so, one after the other; the last one stays."""
    rest: Iterator[Sight] = iter(sights)
    last = [sights[0]]

    def see() -> Sight:
        last[0] = next(rest, last[0])
        return last[0]

    return prove(see, look, lambda: "the last words", within_s)


def reason(sights: list[Sight], within_s: float = 30.0, look: Any = well) -> str:
    found = outcome(sights, within_s, look)
    assert isinstance(found, Unproven)
    return found.reason


def test_a_healthcheck_that_is_undecided_is_waited_for() -> None:
    found = outcome([sight(health="starting"), sight(health="starting"), sight(health="healthy")])
    assert isinstance(found, Standing)
    assert "starting" in reason([sight(health="starting")], within_s=0.01)


def test_a_healthcheck_that_fails_condemns_a_slot_that_answers() -> None:
    assert "queue is gone" in reason([sight(health="unhealthy", health_said="queue is gone")])


def test_what_has_ended_is_not_waited_for() -> None:
    told = reason([sight(state="exited", exit_code=7, since=None)])
    assert told == "web ended with exit code 7; its log ends: the last words"


def test_a_crash_between_two_looks_is_remembered() -> None:
    down = sight(state="restarting", exit_code=3, restarts=2, since=None)
    told = reason([sight(), sight(restarts=1), down, sight(restarts=3)], look=ill)
    crash = "web is restarted again and again, 2 times, ends with exit code 3"
    assert told == f"{crash}; health on green: http 503; its log ends: the last words"


def test_a_crash_that_was_not_seen_is_counted() -> None:
    assert "restarted again and again, 3 times" in reason([sight(), sight(restarts=3)], look=ill)


def test_a_loop_that_was_there_before_is_not_waited_for() -> None:
    assert "50 times" in reason([sight(state="restarting", exit_code=1, restarts=50, since=None)])


def test_one_restart_on_the_way_up_is_forgiven() -> None:
    down = sight(state="restarting", exit_code=1, restarts=1, since=None)
    assert isinstance(outcome([down, down, sight(restarts=1)]), Standing)


@pytest.mark.parametrize(
    ("look", "told"), [(ill, "health on green: http 503"), (lambda _slot: [], "nothing was seen of it")]
)
def test_what_was_not_healthy_in_time_is_told(look: Any, told: str) -> None:
    assert told in reason([sight()], within_s=0.01, look=look)
