"""Compare: is the old release any faster? FlappyJournal scenario 3, Jarvis scenario 3 ("check if rollback helps")."""

import time
from statistics import median

from blocks.document import Document
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from domain.release import Slot, Survey
from domain.speed import RESPONSE_TIME
from tasks.act import act
from tasks.case import Case
from tasks.look import place_of

SAMPLES = 5
SLOW_S = 3.0
"""Seconds; MVP-011 "Rollback Triggers", NotesHub "Response Time, critical"."""


@act("compare")
def compare(case: Case, seen: Survey) -> Survey:
    """The survey with each running slot's response time, so that the plan can tell whether going back will help."""
    timed = {
        slot.name: [*seen.findings.get(slot.name, []), response_time(case.document, slot)]
        for slot in seen.slots
        if slot.running
    }
    return seen.model_copy(update={"findings": timed})


def response_time(document: Document, slot: Slot) -> Finding:
    """The median of some requests to the slot's health, one after the other; a failing answer is no fast one."""
    place = place_of(document, slot)
    seconds = [took for _ in range(SAMPLES) if (took := _seconds(document, place)) is not None]
    if not seconds:
        said = f"none of {SAMPLES} requests was answered well"
        return Finding(name=RESPONSE_TIME, on=slot.name, verdict=Verdict.NO_DATA, said=said)
    typical = median(seconds)
    slow = typical > SLOW_S
    return Finding(
        name=RESPONSE_TIME,
        on=slot.name,
        verdict=Verdict.BAD if slow else Verdict.OK,
        said=f"median {typical:.3f} s of {len(seconds)} requests (limit {SLOW_S:g} s)",
        symptom="slow" if slow else "",
        value=round(typical, 4),
        unit="s",
    )


def _seconds(document: Document, place: Place) -> float | None:
    """How long one good answer took; None where it was none."""
    started = time.monotonic()
    found = document.health.observe(place)
    return time.monotonic() - started if found.ok else None
