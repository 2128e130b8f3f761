"""Who goes first when two runs want one application (between acts only).

Emergency preempts waiting, soaking and deploying, and joins one that acts; rollback preempts soaking and deploying and joins
the others; deploy never preempts.
"""

from __future__ import annotations

from enum import StrEnum

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


def meet(newcomer: Kind, holder: Kind, phase: Phase) -> Meeting:
    """What a newcomer does on finding the application held."""
    if newcomer is Kind.DEPLOY:
        return Meeting.REFUSE
    if holder is Kind.DEPLOY or phase is Phase.SOAKING:
        return Meeting.PREEMPT
    if newcomer is Kind.EMERGENCY and phase is Phase.WAITING:
        return Meeting.PREEMPT
    return Meeting.JOIN
