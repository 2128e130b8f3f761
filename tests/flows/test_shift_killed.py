"""A shift whose run is killed or cancelled, on real processes behind a real Caddy."""

from pathlib import Path
from typing import Any

import pytest

from blocks.routers.caddy_files import CaddyFiles
from domain.outcomes import Outcome
from flows.cancelled import stop_here
from flows.conclude import conclude
from flows.path import take_back
from tests.flows.killing import Runs
from tests.flows.shift_stage import HALF, Shop, shop, weighted

__all__ = ["shop", "weighted"]

pytestmark = pytest.mark.usefixtures("impatient")

POINTS = ["prepare", "switch", "share out", "note switched", "verify", "close"]
IN_THE_MIDDLE = ["share out"]


class Stopped(BaseException):
    """As a signal that ends the run's process."""


def each(steps: list[str]) -> list[Any]:
    """What comes after one step comes before the next: the other half only runs with the full matrix."""
    rest = [f"after {step}" for step in steps if step not in IN_THE_MIDDLE]
    chosen = [*(f"before {step}" for step in steps), *(f"after {step}" for step in IN_THE_MIDDLE)]
    return [*chosen, *(pytest.param(point, marks=pytest.mark.full_matrix) for point in rest)]


@pytest.mark.parametrize("point", each(POINTS))
def test_killed_anywhere_it_ends_shifted_once(shop: Shop, tmp_path: Path, point: str) -> None:
    runs = Runs(shop, take_back, tmp_path)
    runs.start(dies_at=point)
    runs.start("first" if point == "after close" else "again")
    assert shop.stage.shares() == HALF
    assert len(shop.data("switched")) == 1
    with shop.installation() as here:
        [*_, first] = here.store.incidents(shop.name)
        assert first.outcome is Outcome.SHIFTED
        assert here.store.problems(first.id) == []


@pytest.mark.parametrize("point", ["before share out", "after share out"])
def test_a_rollback_after_a_killed_shift_brings_all_of_it(shop: Shop, tmp_path: Path, point: str) -> None:
    Runs(shop, take_back, tmp_path).start(dies_at=point)
    shop.holder_died()
    assert shop.rollback() is Outcome.ROLLED_BACK
    assert shop.stage.shares() == {"green": 100}
    with shop.installation() as here:
        last, first = here.store.incidents(shop.name)
    assert (first.outcome, last.outcome) == (Outcome.SUPERSEDED, Outcome.ROLLED_BACK)


@pytest.mark.parametrize(
    ("moved", "outcome", "left"),
    [(True, Outcome.SHIFTED, HALF), (False, Outcome.REJECTED, {"blue": 100})],
)
def test_cancelled_in_the_middle_nothing_is_moved_any_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, moved: bool, outcome: Outcome, left: dict[str, int]
) -> None:
    share = CaddyFiles.share

    def stopped(router: CaddyFiles, *arguments: Any) -> None:
        if moved:
            share(router, *arguments)
        raise Stopped

    with shop.installation() as here:
        begun = shop.case(here)
        with monkeypatch.context() as patch:
            patch.setattr(CaddyFiles, "share", stopped)
            with pytest.raises(Stopped):
                conclude(begun, take_back)
        ended, _why = conclude(shop.case(here), stop_here)
    assert (ended, shop.stage.shares()) == (outcome, left)
