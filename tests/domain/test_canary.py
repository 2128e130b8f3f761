"""Is the new release worse? Counted on both sides, with numbers that say why."""

import pytest

from domain.canary import Limits, Sampled, chance, judge, p95, steps_of
from domain.findings import Verdict

WELL = [0.02] * 95 + [0.1] * 5


def sampled(errors: int = 0, seconds: list[float] | None = None, requests: int = 100) -> Sampled:
    return Sampled(requests, errors, WELL if seconds is None else seconds)


@pytest.mark.parametrize(
    ("new", "old", "verdict", "said"),
    [
        (sampled(), sampled(), Verdict.OK, "0 of 100 requests (0.0 %) failed"),
        (sampled(33), sampled(), Verdict.BAD, "33 of 100 requests (33.0 %) failed, of the serving release 0 of 100"),
        (sampled(9, requests=20), sampled(requests=20), Verdict.BAD, "9 of 20 requests"),
        (sampled(7, requests=20), sampled(requests=20), Verdict.NO_DATA, "7 of 20 requests (35.0 %) failed, of the serving"),
        (sampled(1), sampled(), Verdict.OK, "1 of 100 requests"),
        (sampled(33), sampled(30), Verdict.NO_DATA, "neither can be compared"),
        (sampled(5), sampled(60), Verdict.OK, "5 of 100"),
        (sampled(requests=19), sampled(requests=19), Verdict.NO_DATA, "20 of each are needed"),
        (sampled(requests=0, seconds=[]), sampled(), Verdict.NO_DATA, "0 and 100 requests were sent"),
        (sampled(seconds=[2.5] * 100), sampled(), Verdict.BAD, "100 of 100 took more than 0.120 s"),
        (sampled(seconds=[0.1] * 100), sampled(), Verdict.OK, "p95 0.100 s (serving: 0.020 s)"),
        (sampled(seconds=[2.5] * 100), sampled(seconds=[2.5] * 100), Verdict.OK, "p95 2.500 s"),
    ],
)  # fmt: skip
def test_a_step_is_judged_by_both_sides(new: Sampled, old: Sampled, verdict: Verdict, said: str) -> None:
    found = judge(new, old, Limits())
    assert found.verdict is verdict
    assert said in found.said


def test_chance_is_that_of_fishers_exact_test() -> None:
    """The lady who tasted tea: all four right, of eight cups, happens once in 70 by chance."""
    assert chance(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert chance(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert chance(0, 20, 0, 20) == 1


def test_equal_releases_are_hardly_ever_told_apart() -> None:
    """Of all splits of the same ten errors, those that would be called bad are less likely than the limit says."""
    bad = [
        hits
        for hits in range(11)
        if judge(sampled(hits), sampled(10 - hits), Limits()).verdict is Verdict.BAD
    ]
    assert bad == [10]
    assert chance(10, 100, 0, 100) < Limits().doubt


@pytest.mark.parametrize(
    ("grain", "shares"), [(None, [100]), (1, [10, 25, 50, 100]), (10, [10, 30, 50, 100]), (50, [50, 100])]
)
def test_steps_are_those_that_the_router_can_give(grain: int | None, shares: list[int]) -> None:
    assert steps_of([10, 25, 50, 100], grain) == shares
    assert steps_of([10], grain)[-1] == 100


def test_p95_is_the_slowest_of_nineteen_in_twenty() -> None:
    assert p95([float(number) for number in range(1, 21)]) == 19
    assert p95([]) == 0
