"""Looking at a slot's pods until all are ready and healthy, or until it is plain that they will not be."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from blocks.kubernetes.slot_deployment import SlotSight
from blocks.kubernetes.stall import Trouble
from blocks.platforms.contract import Look, Standing, Unproven
from domain.findings import Finding, all_ok, summary

LOOK_AGAIN_S = 0.25


@dataclass(frozen=True)
class Patience:
    """Seconds that a slot gets.

    Attributes:
        start_s: until all its pods must be ready.
        stalled_s: for pods that cannot start by themselves.
        health_s: until it must be healthy, once they are ready.
    """

    start_s: float
    stalled_s: float
    health_s: float


def prove(
    see: Callable[[], SlotSight],
    look: Look,
    trouble: Callable[[SlotSight], Trouble | None],
    patience: Patience,
) -> Standing | Unproven:
    """Wait for the pods, then look at the slot.

    Args:
        see: gives the slot and its pods now.
        look: gives the findings at the slot's address.
        trouble: says what is wrong with its pods.
        patience: how long.
    """
    seen = wait_for_pods(see, trouble, patience)
    if not seen.settled:
        found = trouble(seen)
        why = "; ".join([seen.detail, *([found.why] if found else [])])
        return Unproven(slot=seen.slot, reason=why)
    deadline = time.monotonic() + patience.health_s
    while True:
        seen = see()
        findings = look(seen.slot) if seen.ready else []
        if all_ok(findings) and seen.settled and see().slot == seen.slot:
            return Standing(slot=seen.slot, findings=findings)
        if time.monotonic() > deadline:
            return Unproven(slot=seen.slot, reason=_why(seen, findings), findings=findings)
        time.sleep(LOOK_AGAIN_S)


def wait_for_pods(
    see: Callable[[], SlotSight], trouble: Callable[[SlotSight], Trouble | None], patience: Patience
) -> SlotSight:
    """The slot when its pods are all ready, or the time is over, or nothing but a person can mend them."""
    began = time.monotonic()
    well = began
    while not (seen := see()).settled:
        now = time.monotonic()
        found = trouble(seen)
        if found is None or not found.hopeless:
            well = now
        if now - began > patience.start_s or now - well > patience.stalled_s:
            return seen
        time.sleep(LOOK_AGAIN_S)
    return seen


def _why(seen: SlotSight, findings: list[Finding]) -> str:
    if findings and not all_ok(findings):
        return summary(findings)
    return seen.detail if not seen.settled else f"nothing was seen of it; {seen.detail}"
