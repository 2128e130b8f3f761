"""Preserve: logs, configuration and state, before anything changes."""

from contextlib import suppress

from blocks.deadline import within
from domain.errors import EvidenceNotKept
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case

LINES = 10_000
MARK = "state.json"

IN_PLACE_S = 5.0
"""Seconds that an emergency waits for evidence which the switch would destroy."""


FIRST_S = 30.0
"""Seconds that a rollback waits for the evidence of an intrusion; the hole stays open meanwhile."""


def preserve_first(case: Case, plan: Plan) -> None:
    """The evidence of what may be an intrusion, before anything changes and before people are asked.

    What is late, or cannot be kept, keeps no hole open: the act noted it, and it is tried again after the switch.
    """
    with suppress(TimeoutError, EvidenceNotKept):
        within(FIRST_S, lambda: _preserve_alone(case, plan), "preserve")


def preserve_in_place(case: Case, plan: Plan) -> None:
    """Before an emergency's switch that destroys what serves, the evidence of it, in `IN_PLACE_S` seconds at most.

    Nothing where the old release keeps its slot. What is late, or cannot be kept, stops no emergency.
    """
    if not case.document.platform.standby:
        with suppress(TimeoutError, EvidenceNotKept):
            within(IN_PLACE_S, lambda: _preserve_alone(case, plan), "preserve")


def _preserve_alone(case: Case, plan: Plan) -> None:
    """In a thread of its own, with the ledger's connection closed at its end."""
    try:
        preserve(case, plan)
    finally:
        case.ledger.rest()


@act("preserve")
def preserve(case: Case, plan: Plan) -> None:
    """Keep both slots' logs, the rendered configuration and the state in the incident's folder. Once.

    Raises:
        EvidenceNotKept: a full disk, a missing folder. Nothing was changed.
    """
    if case.evidence.has(MARK):
        return
    platform = case.document.platform
    slots = [slot for slot in platform.slots() if slot.running or platform.standby]
    files = [
        case.evidence.keep(f"logs/{slot.name}.log", "\n".join(platform.logs(slot.name, LINES)))
        for slot in slots
    ]
    files += [
        case.evidence.keep(f"configuration/{name}", text) for name, text in platform.configuration().items()
    ]
    files.append(case.evidence.keep("plan.json", plan.model_dump_json(indent=2)))
    state = "[" + ",\n".join(slot.model_dump_json() for slot in slots) + "]"
    files.append(case.evidence.keep(MARK, state))
    case.note(Happened.PRESERVED, files=files)
