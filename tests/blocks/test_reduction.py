import pytest

from blocks.reduction import Reduction, p95, reduced

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("seconds", "expected"), [([], None), ([3.0], 3.0), (list(range(1, 21)), 19), (list(range(1, 101)), 95)]
)
def test_the_95th_percentile_by_nearest_rank(seconds: list[float], expected: float | None) -> None:
    assert p95(seconds[::-1]) == expected


@pytest.mark.parametrize(
    ("way", "expected"), [("last", 2.0), ("mean", 3.0), ("min", 1.0), ("max", 6.0), ("p95", 6.0)]
)
def test_each_way_leaves_out_what_is_no_number(way: Reduction, expected: float) -> None:
    assert reduced([NAN, 1.0, 6.0, INFINITY, 3.0, 2.0, -INFINITY], way) == expected


@pytest.mark.parametrize("way", ["last", "mean", "min", "max", "p95"])
def test_nothing_is_made_of_nothing(way: Reduction) -> None:
    assert reduced([], way) is None
    assert reduced([NAN, INFINITY], way) is None
