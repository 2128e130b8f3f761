"""What every router must do, on the real thing. A test class subclasses it and gives `router` and `take_down`."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from blocks.routers.contract import Receipt, Route, Router
from domain.errors import Conflict, UnknownSlot, Unreachable
from examples.demo.load import Load
from tests.blocks.waiting import wait_until

SWITCHES = 10
REQUESTS_BETWEEN = 30


def answering(router: Router) -> str:
    """The slot that answers a new client of the router."""
    answer = httpx.get(router.address, timeout=10, trust_env=False)
    slot: str = answer.raise_for_status().json()["slot"]
    return slot


def try_to_switch(
    router: Router, slot: str, upstreams: Mapping[str, str], expected: Route
) -> Receipt | Conflict:
    try:
        return router.switch(slot, upstreams, expected)
    except Conflict as conflict:
        return conflict


class RouterContract:
    """Traffic goes to blue when a test begins.

    Fixtures of the subclass: `router`, as `backout.yaml` gives it; `take_down`, which makes it impossible to ask the
    router. `upstreams` are blue, green, and red, where nobody listens.
    """

    def test_says_where_traffic_goes(self, router: Router, upstreams: Mapping[str, str]) -> None:
        assert router.active(upstreams).slot == "blue"
        assert answering(router) == "blue"

    def test_asking_changes_nothing(self, router: Router, upstreams: Mapping[str, str]) -> None:
        assert router.active(upstreams) == router.active(upstreams)

    def test_an_address_of_no_slot_is_no_slot(self, router: Router, upstreams: Mapping[str, str]) -> None:
        others = {"green": upstreams["green"], "red": upstreams["red"]}
        assert router.active(others).slot is None

    def test_new_requests_go_to_the_slot_when_switch_returns(
        self, router: Router, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        receipt = router.switch("green", upstreams, before)
        assert answering(router) == "green"
        assert (receipt.changed, receipt.before, receipt.after) == (True, "blue", "green")
        assert router.active(upstreams).slot == "green"
        assert router.active(upstreams).stamp != before.stamp

    def test_says_what_the_switch_cost(self, router: Router, upstreams: Mapping[str, str]) -> None:
        receipt = router.switch("green", upstreams, router.active(upstreams))
        assert bool(receipt.cost) is not router.lossless

    def test_goes_back(self, router: Router, upstreams: Mapping[str, str]) -> None:
        router.switch("green", upstreams, router.active(upstreams))
        router.switch("blue", upstreams, router.active(upstreams))
        assert answering(router) == "blue"

    def test_the_second_switch_is_a_no_op_whatever_was_expected(
        self, router: Router, upstreams: Mapping[str, str]
    ) -> None:
        old = router.active(upstreams)
        router.switch("green", upstreams, old)
        after = router.active(upstreams)
        again = router.switch("green", upstreams, old)
        assert (again.changed, again.before, again.after, again.cost) == (False, "green", "green", "")
        assert router.active(upstreams) == after

    def test_a_route_that_changed_in_between_is_a_conflict(
        self, router: Router, upstreams: Mapping[str, str]
    ) -> None:
        old = router.active(upstreams)
        router.switch("green", upstreams, old)
        after = router.active(upstreams)
        with pytest.raises(Conflict):
            router.switch("red", upstreams, old)
        assert router.active(upstreams) == after
        assert answering(router) == "green"

    def test_an_unknown_slot_changes_nothing(self, router: Router, upstreams: Mapping[str, str]) -> None:
        before = router.active(upstreams)
        with pytest.raises(UnknownSlot, match=r"purple.*blue, green, red"):
            router.switch("purple", upstreams, before)
        assert router.active(upstreams) == before

    def test_a_router_that_cannot_be_asked_is_unreachable(
        self, router: Router, upstreams: Mapping[str, str], take_down: Callable[[], None]
    ) -> None:
        before = router.active(upstreams)
        take_down()
        with pytest.raises(Unreachable):
            router.active(upstreams)
        with pytest.raises(Unreachable):
            router.switch("green", upstreams, before)

    def test_of_two_switches_at_once_one_wins(self, router: Router, upstreams: Mapping[str, str]) -> None:
        before, together = router.active(upstreams), Barrier(2)

        def switch(slot: str) -> Receipt | Conflict:
            together.wait(timeout=30)
            return try_to_switch(router, slot, upstreams, before)

        with ThreadPoolExecutor(2) as threads:
            ends = list(threads.map(switch, ["green", "red"]))
        [winner] = [end for end in ends if isinstance(end, Receipt)]
        assert winner.changed
        assert router.active(upstreams).slot == winner.after

    def test_two_equal_switches_at_once_end_the_same(
        self, router: Router, upstreams: Mapping[str, str]
    ) -> None:
        before, together = router.active(upstreams), Barrier(2)

        def switch(_number: int) -> Receipt | Conflict:
            together.wait(timeout=30)
            return try_to_switch(router, "green", upstreams, before)

        with ThreadPoolExecutor(2) as threads:
            ends = list(threads.map(switch, range(2)))
        assert any(isinstance(end, Receipt) and end.changed for end in ends)
        assert answering(router) == "green"


class LosslessRouterContract(RouterContract):
    """The same for a router that promises to close no client's connection."""

    def test_loses_no_request_of_kept_alive_clients(
        self, router: Router, upstreams: Mapping[str, str]
    ) -> None:
        assert router.lossless
        load = Load(router.address + "/", clients=4, rate=400).start()
        try:
            for turn in range(SWITCHES):
                self._wait_for_requests(load)
                router.switch(("green", "blue")[turn % 2], upstreams, router.active(upstreams))
            self._wait_for_requests(load)
        finally:
            tally = load.stop()
        assert dict(tally.total.lost) == {}
        assert tally.total.errors == 0

    def _wait_for_requests(self, load: Load) -> None:
        enough = load.tally.total.requests + REQUESTS_BETWEEN
        wait_until(lambda: load.tally.total.requests >= enough, "the load's requests")
