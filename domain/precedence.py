"""Who goes first when two runs want one application (between acts only).

Emergency preempts waiting, soaking and deploying, and joins one that acts; rollback preempts soaking and deploying and joins
the others; deploy never preempts. A rollback that is critical and asks nobody (`domain.urgency`) is as an emergency to
one that waits, unless that is as urgent: users who get nothing do not wait until somebody has answered about a slow page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from domain.request import Kind


class Phase(StrEnum):
    """What the run that holds the application is doing."""

    WAITING = "waiting"
    ACTING = "acting"
    SOAKING = "soaking"


class Meeting(StrEnum):
    """What the newcomer does."""

    PREEMPT = "preempt"
    JOIN = "join"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Claim:
    """What decides who goes first, of one request."""

    kind: Kind
    urgent: bool = False

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """Of a request as it is kept, by any version of Backout."""
        return cls(Kind(request["kind"]), bool(request.get("urgent")))

    @property
    def waits_for_nobody(self) -> bool:
        """Whether no other request may keep it waiting."""
        return self.urgent or self.kind is Kind.EMERGENCY


def gives_way(holder: Claim, phase: Phase) -> bool:
    """Whether the holder waits for people, and what is urgent goes before it."""
    return phase is Phase.WAITING and not holder.waits_for_nobody


def meet(newcomer: Claim, holder: Claim, phase: Phase) -> Meeting:
    """What a newcomer does on finding the application held."""
    if newcomer.kind is Kind.DEPLOY:
        return Meeting.REFUSE
    if holder.kind is Kind.DEPLOY or phase is Phase.SOAKING:
        return Meeting.PREEMPT
    if newcomer.kind is Kind.EMERGENCY and phase is Phase.WAITING:
        return Meeting.PREEMPT
    return Meeting.PREEMPT if newcomer.urgent and gives_way(holder, phase) else Meeting.JOIN
