"""How long going back takes, by what was seen: rollbacks of the application itself, else drills of it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from domain.drill import Drill
from domain.outcomes import Outcome


class Eta(BaseModel):
    """What is to be expected.

    Attributes:
        seconds: the median.
        runs: how many it is the median of.
        of: what they were: `rollbacks`, or `drills of shop/staging`.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    runs: int
    of: str


def expected(past_s: Sequence[float], drills: Sequence[Drill]) -> Eta | None:
    """By past rollbacks; where there was none, by the drills; None where there was nothing to measure by."""
    if past_s:
        return Eta(seconds=_median(past_s), runs=len(past_s), of="rollbacks")
    timed = {drill.id: seconds for drill in drills if (seconds := way_back_s(drill)) is not None}
    if not timed:
        return None
    where = ", ".join(sorted({drill.application for drill in drills if drill.id in timed}))
    return Eta(seconds=_median([*timed.values()]), runs=len(timed), of=f"drills of {where}")


def way_back_s(drill: Drill) -> float | None:
    """From the decision to verified traffic: what was asked of people before is no rollback's time. None where it never came."""
    switch, verify = drill.figures.switch_s, drill.figures.verify_s
    if drill.outcome is not Outcome.ROLLED_BACK or switch is None or verify is None:
        return None
    return switch + verify


def _median(seconds: Sequence[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]
