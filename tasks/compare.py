"""Compare: is the old release any faster, and are users better off with it? FlappyJournal scenario 3, Jarvis scenario 3."""

import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from blocks.document import Document
from blocks.signals.contract import Place, Signal
from domain.acts import COMPARE_AGAIN
from domain.effect import no_better
from domain.findings import Finding, Verdict
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.release import Survey
from domain.speed import RESPONSE_TIME
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended
from tasks.look import AT_ONCE, ROUTER, place_of, through_router, users_place

SAMPLES = 5
SLOW_S = 3.0
"""Seconds; MVP-011 "Rollback Triggers", NotesHub "Response Time, critical"."""

PROBE = "probe"
"""The kind of check that times many requests by itself."""

TIMEOUT = "timeout"
"""What was not answered in time was not timed: it may take a little longer, or for ever."""


@act("compare")
def compare(case: Case, seen: Survey) -> Survey:
    """The survey with the response times of each running slot, and of what users have, so that the plan can tell.

    In place there is no standby to time: there the numbers before are what users have, and `compare_again` has the others.
    """
    document = case.document
    slots = [slot for slot in seen.slots if slot.running]
    late = _late(seen.through_router)
    places = [*(place_of(document, slot) for slot in slots), users_place(document, seen.serving)]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="compare") as pool:
        *at_slots, users = pool.map(lambda place: response_times(document, place, late), places)
    timed = {
        slot.name: [*seen.findings.get(slot.name, []), *times]
        for slot, times in zip(slots, at_slots, strict=True)
    }
    return seen.model_copy(update={"findings": timed, "through_router": [*seen.through_router, *users]})


def compare_again(case: Case, plan: Plan) -> None:
    """What users have now beside what they had: both numbers go into the report.

    Raises:
        Ended: will not help, where users are no better off with the old release. It keeps the traffic: it is verified, and
            nothing is flipped back and forth. It is not the release then, so that is not put into quarantine. Restart
            failed, where they are no better off after one.
    """
    why = _compare_again(case, plan)
    if why and plan.decision is Decision.RESTART:
        raise Ended(Outcome.RESTART_FAILED, f"{plan.to_release} was restarted, and {why}")
    if why:
        raise Ended(Outcome.WONT_HELP, f"{plan.to_release} has the traffic, and {why}")


@act(COMPARE_AGAIN)
def _compare_again(case: Case, plan: Plan) -> str | None:
    document = case.document
    place = users_place(document, plan.to_slot)
    troubled = {row.name for row in plan.seen if row.bad and row.on == ROUTER}
    looked = [signal for signal in (document.health, *document.checks) if signal.name in troubled]
    timed = any(row.on == ROUTER and row.name.startswith(RESPONSE_TIME) for row in plan.seen)
    found = [
        *through_router(document, looked, plan.to_slot),
        *(response_times(document, place, _late(plan.seen)) if timed else []),
    ]
    why = no_better(plan.seen, found, users=ROUTER)
    body = [finding.model_dump(mode="json") for finding in found]
    case.note(Happened.COMPARED, findings=body, better=why is None, why=why or "")
    return why


def response_times(document: Document, place: Place, late: Collection[str] = ()) -> list[Finding]:
    """How fast the place answers: its health, each probe's own path, and the checks of `late`, which may be slow where it is not."""
    timed = [
        check for check in document.checks if check.brief and (check.kind == PROBE or check.name in late)
    ]
    return [response_time(document.health, place), *(_of_check(check, place) for check in timed)]


def _late(findings: Iterable[Finding]) -> set[str]:
    """The checks that users wait for in vain or too long: one look at each is enough to tell."""
    return {
        row.name
        for row in findings
        if row.bad and row.on == ROUTER and not row.name.startswith(RESPONSE_TIME)
    }


def response_time(health: Signal, place: Place) -> Finding:
    """The median of some requests to the place's health, one after the other; a failing answer is no fast one."""
    seconds = [took for _ in range(SAMPLES) if (took := _seconds(health, place)) is not None]
    if not seconds:
        return _no_data(RESPONSE_TIME, place, f"none of {SAMPLES} requests was answered well")
    return _timed(RESPONSE_TIME, place, median(seconds), f"median of {len(seconds)} requests")


def _of_check(check: Signal, place: Place) -> Finding:
    name, found = f"{RESPONSE_TIME} of {check.name}", check.observe(place)
    if found.value is None or found.unit != "s" or TIMEOUT in found.symptom:
        return _no_data(name, place, found.said)
    return _timed(name, place, found.value, found.said)


def _no_data(name: str, place: Place, said: str) -> Finding:
    return Finding(name=name, on=place.name, verdict=Verdict.NO_DATA, said=said)


def _timed(name: str, place: Place, seconds: float, how: str) -> Finding:
    slow = seconds > SLOW_S
    return Finding(
        name=name,
        on=place.name,
        verdict=Verdict.BAD if slow else Verdict.OK,
        said=f"{seconds:.3f} s ({how}; limit {SLOW_S:g} s)",
        symptom="slow" if slow else "",
        value=round(seconds, 4),
        unit="s",
    )


def _seconds(health: Signal, place: Place) -> float | None:
    """How long one good answer took; None where it was none."""
    started = time.monotonic()
    found = health.observe(place)
    return time.monotonic() - started if found.ok else None
