"""Look again: whether users are well with the feature off; then the release stays (Jarvis scenario 4, step 2)."""

import time
from collections.abc import Collection

from blocks.document import Document
from blocks.signals.contract import Signal
from domain.assess_flag import LOOK_AGAIN, after_the_flag
from domain.effect import unrelieved
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended
from tasks.look import ROUTER, through_router
from tasks.progress import Progress, progress
from tasks.turn_off import turned_off

LOOKS = 6
PAUSE_S = 5.0
"""Thirty seconds in all, as Aldeia step 10 waits after a start: what reads the flag may have to start anew."""

LONGER = 5
"""Times as many looks, where a signal of the watch fired: most measure a while, and come down as slowly."""


def look_again(case: Case, plan: Plan) -> None:
    """End here where the feature that was turned off was the trouble; nothing where none was, or traffic moved since.

    Raises:
        Ended: turned off, where nothing is bad any more. As the plan without its flag ends, where no release can be gone
            back to.
    """
    if plan.flag is None or progress(case.ledger.entries(case.incident.id)) is not Progress.UNMOVED:
        return
    if turned_off(case) is None:
        _no_release_helps(plan, f"{plan.flag} could not be turned off")
        return
    left = _look_again(case, plan)
    if not left:
        raise Ended(Outcome.TURNED_OFF, f"{plan.flag} is off; {_seen_before(case, plan)}")
    _no_release_helps(plan, f"{plan.flag} is off, and that does not help: {'; '.join(left)}")


@act(LOOK_AGAIN)
def _look_again(case: Case, plan: Plan) -> list[str]:
    """What still speaks against it, after up to `LOOKS` looks; empty where nothing does."""
    fired = {finding.name for finding in case.request.detection}
    signals = looked_at(case.document, fired)
    longer = any(signal.name in fired for signal in case.document.watch.signals)
    for number in range(LOOKS * (LONGER if longer else 1)):
        if number:
            time.sleep(PAUSE_S)
        seen = through_router(case.document, signals, case.document.platform.route().slot)
        left = unrelieved(plan.seen, seen, health=case.document.health.name, users=ROUTER, fired=fired)
        if not left:
            break
    case.note(
        Happened.LOOKED_AGAIN,
        findings=[finding.model_dump(mode="json") for finding in seen],
        health=case.document.health.name,
        helped=not left,
        why="; ".join(left),
    )
    return left


def looked_at(document: Document, fired: Collection[str]) -> list[Signal]:
    """What tells whether users are well: health, the checks, and what fired of the watch's signals."""
    watched = [signal for signal in document.watch.signals if signal.name in fired]
    return [document.health, *document.checks, *watched]


def _no_release_helps(plan: Plan, why: str) -> None:
    outcome = after_the_flag(plan)
    if outcome is not None:
        raise Ended(outcome, "; ".join([why, *plan.why]))


def _seen_before(case: Case, plan: Plan) -> str:
    """What was bad, and is not any more; said aloud where nothing that can be looked at was."""
    troubled = {row.name for row in plan.seen if row.bad and row.on == ROUTER}
    fired = {row.name for row in case.request.detection}
    looked = {signal.name for signal in looked_at(case.document, fired)}
    known = sorted(troubled | (fired & looked))
    if known:
        return f"{', '.join(known)}: ok again"
    return "nothing is bad, but no check had seen the trouble: ask users whether it is gone"
