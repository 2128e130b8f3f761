"""What every platform must do, on the real thing. A test class subclasses it and gives the fixtures below."""

from collections.abc import Callable

import httpx
import pytest

from blocks.platforms.contract import Platform, Standing, Unproven
from domain.errors import UnknownSlot
from domain.findings import Finding, Verdict
from domain.release import Slot
from tests.blocks.waiting import wait_until

SECRET = "correct-horse-battery-staple"


def look(slot: Slot) -> list[Finding]:
    """The health of a slot at its own address, as a signal would see it."""
    try:
        status = httpx.get(f"{slot.address}/health", timeout=5, trust_env=False).status_code
    except httpx.TransportError:
        status = 0
    verdict = Verdict.OK if status == httpx.codes.OK else Verdict.BAD
    return [Finding(name="health", on=slot.name, verdict=verdict, said=f"http {status}")]


def answering(platform: Platform) -> str:
    """The slot that answers users."""
    answer = httpx.get(platform.address, timeout=10, trust_env=False)
    slot: str = answer.raise_for_status().json()["slot"]
    return slot


class PlatformContract:
    """Blue serves release 2.0 when a test begins; green holds 1.0, and is down.

    Fixtures of the subclass: `platform`, as `backout.yaml` gives it, with `SECRET` among the secrets of each slot;
    `spoil(slot)` makes a slot's health bad; `kill(slot)` ends a slot as `kill -9` does.
    """

    def test_says_what_is_where(self, platform: Platform) -> None:
        blue, green = platform.slots()
        assert (blue.name, blue.version, blue.running) == ("blue", "2.0", True)
        assert (green.name, green.version, green.running) == ("green", "1.0", False)
        assert blue.since is not None
        assert platform.slot("green") == green

    def test_says_who_serves(self, platform: Platform) -> None:
        assert platform.route().slot == "blue"
        assert answering(platform) == "blue"

    def test_looking_changes_nothing(self, platform: Platform) -> None:
        def look() -> tuple[object, ...]:
            return platform.slots(), platform.route(), platform.configuration()

        # A cluster may still be ending what it was told before; who changes something by looking does so each time.
        wait_until(lambda: look() == look(), "two looks that see the same")

    def test_an_unknown_slot_is_told_with_those_that_exist(self, platform: Platform) -> None:
        for act in (
            platform.slot,
            lambda slot: platform.prepare(slot, look),
            lambda slot: platform.logs(slot, 1),
        ):
            with pytest.raises(UnknownSlot, match=r"purple.*blue, green"):
                act("purple")
        with pytest.raises(UnknownSlot):
            platform.activate("purple", platform.route())

    def test_prepare_brings_up_what_is_down(self, platform: Platform) -> None:
        ready = platform.prepare("green", look)
        assert isinstance(ready, Standing)
        assert (ready.slot.name, ready.slot.version, ready.slot.running) == ("green", "1.0", True)
        assert [finding.ok for finding in ready.findings] == [True]
        assert platform.slot("green").running

    def test_prepare_of_a_slot_that_runs_only_looks(self, platform: Platform) -> None:
        platform.prepare("green", look)
        before = platform.slot("green")
        assert isinstance(platform.prepare("green", look), Standing)
        assert platform.slot("green") == before

    def test_prepare_touches_neither_the_serving_slot_nor_the_route(self, platform: Platform) -> None:
        serving, route = platform.slot("blue"), platform.route()
        platform.prepare("green", look)
        platform.prepare("blue", look)
        assert platform.slot("blue") == serving
        assert platform.route() == route
        assert answering(platform) == "blue"

    def test_an_unhealthy_slot_is_unproven(self, platform: Platform, spoil: Callable[[str], None]) -> None:
        platform.prepare("green", look)
        spoil("green")
        outcome = platform.prepare("green", look)
        assert isinstance(outcome, Unproven)
        assert "health on green: http 503" in outcome.reason
        assert [finding.ok for finding in outcome.findings] == [False]

    def test_a_slot_that_nothing_was_seen_of_is_unproven(self, platform: Platform) -> None:
        platform.prepare("green", look)
        assert isinstance(platform.prepare("green", lambda _slot: []), Unproven)

    def test_a_slot_that_was_killed_is_down_and_comes_up_again(
        self, platform: Platform, kill: Callable[[str], None]
    ) -> None:
        first = platform.prepare("green", look)
        kill("green")
        wait_until(lambda: not platform.slot("green").running, "green's end")
        again = platform.prepare("green", look)
        assert isinstance(first, Standing)
        assert isinstance(again, Standing)
        assert again.slot.restarts == first.slot.restarts + 1
        assert answering(platform) == "blue"

    def test_activate_gives_the_slot_the_traffic_and_both_stay_up(self, platform: Platform) -> None:
        platform.prepare("green", look)
        receipt = platform.activate("green", platform.route())
        assert (receipt.changed, receipt.before, receipt.after) == (True, "blue", "green")
        assert answering(platform) == "green"
        assert platform.route().slot == "green"
        assert [slot.running for slot in platform.slots()] == [True, True]

    def test_activate_is_a_no_op_where_the_slot_serves(self, platform: Platform) -> None:
        before = platform.route()
        assert not platform.activate("blue", before).changed
        assert platform.route() == before

    def test_gives_the_last_log_lines_oldest_first(self, platform: Platform) -> None:
        assert platform.logs("green", 5) == []
        platform.prepare("green", look)
        wait_until(lambda: platform.logs("green", 5), "green's log")
        assert list(platform.logs("green", 5)) == ["green listens"]
        assert list(platform.logs("green", 0)) == []

    def test_the_configuration_shows_no_secret(self, platform: Platform) -> None:
        texts = platform.configuration()
        assert texts
        assert SECRET not in str(texts)
        assert SECRET not in repr(platform)
        assert SECRET not in platform.model_dump_json()
