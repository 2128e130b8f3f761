"""Ways to make one number of the samples of a range."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Literal

Reduction = Literal["last", "mean", "min", "max", "p95"]


def p95(samples: Sequence[float]) -> float | None:
    """The 95th percentile by nearest rank; None where there are none."""
    ordered = sorted(samples)
    return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else None


_WAYS: Mapping[Reduction, Callable[[Sequence[float]], float | None]] = {
    "last": lambda samples: samples[-1],
    "mean": fmean,
    "min": min,
    "max": max,
    "p95": p95,
}


def reduced(samples: Sequence[float], way: Reduction) -> float | None:
    """One number of the samples, oldest first. What is no number counts as missing; None where nothing is left."""
    numbers = [sample for sample in samples if math.isfinite(sample)]
    return _WAYS[way](numbers) if numbers else None
