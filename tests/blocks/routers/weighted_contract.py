"""What every router that shares traffic out must do besides. A test class subclasses it beside `RouterContract`."""

from collections import Counter
from collections.abc import Mapping

import httpx
import pytest

from blocks.routers.contract import WeightedRouter
from domain.errors import Conflict, UnknownSlot
from tests.blocks.routers.contract import answering

REQUESTS = 300
TOLERANCE = 9
"""Per cent; workers of one proxy count for themselves."""


def answers(router: WeightedRouter) -> Counter[str]:
    """Slot -> per cent of many requests that it answered."""
    with httpx.Client(trust_env=False, timeout=10) as client:
        seen = Counter(client.get(router.address).raise_for_status().json()["slot"] for _ in range(REQUESTS))
    return Counter({slot: count * 100 // REQUESTS for slot, count in seen.items()})


class WeightedRouterContract:
    """Traffic goes to blue when a test begins."""

    @pytest.mark.parametrize("green", [10, 50])
    def test_each_slot_gets_its_share(
        self, router: WeightedRouter, upstreams: Mapping[str, str], green: int
    ) -> None:
        shares = {"blue": 100 - green, "green": green}
        receipt = router.share(shares, upstreams, router.active(upstreams))
        assert (receipt.changed, receipt.before) == (True, "blue")
        assert receipt.after == f"blue {100 - green} %, green {green} %"
        found = router.active(upstreams)
        assert (found.slot, found.shares) == (None, shares)
        assert abs(answers(router)["green"] - green) <= TOLERANCE

    def test_step_by_step_to_all_of_it(self, router: WeightedRouter, upstreams: Mapping[str, str]) -> None:
        for green in (10, 50, 100):
            router.share({"blue": 100 - green, "green": green}, upstreams, router.active(upstreams))
        found = router.active(upstreams)
        assert (found.slot, found.shares) == ("green", {})
        assert answers(router) == {"green": 100}

    def test_a_switch_takes_all_of_it_back(
        self, router: WeightedRouter, upstreams: Mapping[str, str]
    ) -> None:
        router.share({"blue": 50, "green": 50}, upstreams, router.active(upstreams))
        receipt = router.switch("blue", upstreams, router.active(upstreams))
        assert (receipt.changed, receipt.before, receipt.after) == (True, None, "blue")
        assert answers(router) == {"blue": 100}

    def test_says_what_sharing_out_cost(self, router: WeightedRouter, upstreams: Mapping[str, str]) -> None:
        receipt = router.share({"blue": 90, "green": 10}, upstreams, router.active(upstreams))
        assert bool(receipt.cost) is not router.lossless

    def test_sharing_out_again_is_a_no_op_whatever_was_expected(
        self, router: WeightedRouter, upstreams: Mapping[str, str]
    ) -> None:
        old = router.active(upstreams)
        router.share({"blue": 90, "green": 10}, upstreams, old)
        after = router.active(upstreams)
        again = router.share({"green": 10, "blue": 90, "red": 0}, upstreams, old)
        assert not again.changed
        assert router.active(upstreams) == after

    def test_shares_that_changed_in_between_are_a_conflict(
        self, router: WeightedRouter, upstreams: Mapping[str, str]
    ) -> None:
        old = router.active(upstreams)
        router.share({"blue": 90, "green": 10}, upstreams, old)
        after = router.active(upstreams)
        with pytest.raises(Conflict):
            router.share({"blue": 50, "green": 50}, upstreams, old)
        with pytest.raises(Conflict):
            router.switch("green", upstreams, old)
        assert router.active(upstreams) == after

    @pytest.mark.parametrize(
        "shares", [{}, {"blue": 90}, {"blue": 90, "green": 20}, {"blue": 110, "green": -10}]
    )
    def test_shares_must_add_up(
        self, router: WeightedRouter, upstreams: Mapping[str, str], shares: dict[str, int]
    ) -> None:
        before = router.active(upstreams)
        with pytest.raises(ValueError, match="add up to 100 per cent"):
            router.share(shares, upstreams, before)
        assert router.active(upstreams) == before

    def test_shares_must_be_multiples_of_the_grain(
        self, router: WeightedRouter, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        if router.grain == 1:
            router.share({"blue": 99, "green": 1}, upstreams, before)
            assert router.active(upstreams).shares == {"blue": 99, "green": 1}
        else:
            with pytest.raises(ValueError, match=f"multiples of {router.grain}"):
                router.share({"blue": 99, "green": 1}, upstreams, before)
            assert router.active(upstreams) == before

    def test_an_unknown_slot_gets_no_share(
        self, router: WeightedRouter, upstreams: Mapping[str, str]
    ) -> None:
        with pytest.raises(UnknownSlot, match="purple"):
            router.share({"blue": 90, "purple": 10}, upstreams, router.active(upstreams))
        assert answering(router) == "blue"

    def test_shares_of_slots_that_are_not_ours_are_not_told(
        self, router: WeightedRouter, upstreams: Mapping[str, str]
    ) -> None:
        router.share({"blue": 90, "green": 10}, upstreams, router.active(upstreams))
        found = router.active({"green": upstreams["green"]})
        assert (found.slot, found.shares) == (None, {"green": 10})
