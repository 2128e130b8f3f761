"""What of a window's values is held against a limit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from statistics import fmean


class Statistic(StrEnum):
    """`every`: each single value; else one number made of all of them."""

    EVERY = "every"
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"


PERCENTS = {Statistic.MEDIAN: 50, Statistic.P90: 90, Statistic.P95: 95, Statistic.P99: 99}


def percentile(values: Sequence[float], percent: int) -> float:
    """By nearest rank. Raises ValueError where there are no values."""
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(1, math.ceil(percent * len(values) / 100)) - 1]


def of_values(
    statistic: Statistic, values: Sequence[float], nearest: Callable[[Sequence[float]], float]
) -> float:
    """The number that is compared. For `every` the value that is the nearest to the limit: all are beyond it if this is."""
    if statistic is Statistic.EVERY:
        return nearest(values)
    return fmean(values) if statistic is Statistic.MEAN else percentile(values, PERCENTS[statistic])
