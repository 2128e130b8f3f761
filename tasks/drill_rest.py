"""Before a drill breaks anything: would what finds its fault start a run at all? A pause is no part of what it measures."""

import time

from blocks.store import alerts
from domain.errors import Conflict
from domain.reaction import OPENING_S, Before
from tasks.drill_case import DrillCase

LOOK_S = 0.2


def rest(case: DrillCase) -> None:
    """Wait until no alert belongs to an earlier start any more, as after another drill: half a minute at most.

    Raises:
        Conflict: a run was started in earnest a short while ago, or as many as a day may have; nothing would be started.
    """
    case.step("wait until an alert would start a run")
    limits = case.document.alerts.limits
    opening_s = min(OPENING_S, limits.cool_down_s)
    while _within(_before(case, urgent=False), opening_s):
        time.sleep(LOOK_S)
    # What is urgent waits only for what was as urgent: the drill's own fault may be.
    before = _before(case, urgent=True)
    if before.seconds is not None and _within(before, limits.cool_down_s):
        left = limits.cool_down_s - before.seconds
        _refuse(case, f"pausing for another {left:.0f} s after the last start (`alerts.cool_down_s`)")
    if before.today >= limits.per_day:
        _refuse(case, f"at its {limits.per_day} starts of 24 hours (`alerts.per_day`)")


def _within(before: Before, seconds: float) -> bool:
    return before.seconds is not None and before.seconds < seconds


def _before(case: DrillCase, *, urgent: bool) -> Before:
    with case.here.store.database.transaction() as connection:
        return alerts.before(connection, case.document.name, urgent=urgent)


def _refuse(case: DrillCase, found: str) -> None:
    raise Conflict(on=case.document.name, expected="free to start a run", found=found)
