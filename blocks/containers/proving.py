"""Looking at a slot of containers until it is healthy, or until it is plain that it will not be."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from blocks.containers.container import Container
from blocks.platforms.contract import Look, Standing, Unproven
from domain.findings import Finding, all_ok, summary
from domain.release import Slot

LOOK_AGAIN_S = 0.25
LEAST_LOOKS = 2
CRASH_LOOP = 3
"""Restarts while it was looked at that are a crash loop; fewer can be a service that waits for another one."""

LONG_LOOP = 5
"""Restarts of a container that is down just now which are a crash loop, whenever they were."""

WAITS = ("running", "restarting")


@dataclass(frozen=True)
class Sight:
    """The slot and its containers at one moment."""

    slot: Slot
    containers: Sequence[Container]

    @property
    def over(self) -> bool:
        """Whether one of its services has ended, or was never there: nobody will start it."""
        return any(one.state not in WAITS for one in self.containers) or (
            not self.slot.running and all(one.running for one in self.containers)
        )

    @property
    def unhealthy(self) -> bool:
        """Whether a HEALTHCHECK fails."""
        return any(one.health == "unhealthy" for one in self.containers)

    @property
    def settled(self) -> bool:
        """Whether all run, and no HEALTHCHECK is undecided."""
        return self.slot.running and not any(one.health == "starting" for one in self.containers)


def prove(
    see: Callable[[], Sight], look: Look, last_words: Callable[[], str], within_s: float
) -> Standing | Unproven:
    """Look until the slot is healthy, or one of its services has ended, crashes again and again, or the time is over.

    A slot that was started longer ago than `within_s` is looked at twice at most.

    Args:
        see: gives the slot and its containers now.
        look: gives the findings at the slot's address.
        last_words: gives the end of its log, one line.
        within_s: seconds from its start until it must be healthy.
    """
    first = see()
    deadline, looks, crashes = time.monotonic() + _left(first.slot, within_s), 0, Crashes(first.slot.restarts)
    while True:
        seen = see()
        crashes.note(seen)
        findings = look(seen.slot) if seen.slot.running else []
        looks += 1
        if all_ok(findings) and seen.settled and not seen.unhealthy and see().slot == seen.slot:
            return Standing(slot=seen.slot, findings=findings)
        given_up = seen.over or crashes.in_a_loop(seen)
        if given_up or (looks >= LEAST_LOOKS and (seen.unhealthy or time.monotonic() > deadline)):
            seen_wrong = _why(seen, findings) if findings else ""
            why = "; ".join(filter(None, (crashes.said(seen), seen_wrong))) or _why(seen, findings)
            ends = "" if not given_up and findings else f"; its log ends: {last_words() or '(empty)'}"
            return Unproven(slot=seen.slot, reason=why + ends, findings=findings)
        time.sleep(LOOK_AGAIN_S)


@dataclass
class Crashes:
    """How the slot's services ended while they were looked at: between two crashes one runs, and looks well.

    Attributes:
        before: the slot's restarts when it was looked at first.
        ended: service -> its detail when it was last seen down.
    """

    before: int
    ended: dict[str, str] = field(default_factory=dict)

    def note(self, seen: Sight) -> None:
        """Remember who is down."""
        self.ended |= {one.service: one.detail for one in seen.containers if not one.running}

    def in_a_loop(self, seen: Sight) -> bool:
        """Whether one crashes again and again, before our eyes or for longer."""
        long_since = any(one.state == "restarting" and one.restarts >= LONG_LOOP for one in seen.containers)
        return long_since or seen.slot.restarts - self.before >= CRASH_LOOP

    def said(self, seen: Sight) -> str:
        """The crashes in words; empty where there were none."""
        down = "; ".join(f"{service} {detail}" for service, detail in self.ended.items())
        restarts = seen.slot.restarts - self.before
        if restarts > 0 and not down:
            return f"restarted again and again, {restarts} times since it was looked at"
        return down


def _why(seen: Sight, findings: list[Finding]) -> str:
    if findings and not all_ok(findings):
        return summary(findings) + (f"; {seen.slot.detail}" if seen.unhealthy else "")
    return (
        seen.slot.detail
        if findings or not seen.slot.running
        else f"nothing was seen of it; {seen.slot.detail}"
    )


def _left(slot: Slot, within_s: float) -> float:
    """Seconds until the slot must be healthy: all of them where it is just coming up."""
    if slot.since is None:
        return within_s
    return within_s - (datetime.now(UTC) - slot.since).total_seconds()
