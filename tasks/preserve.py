"""Preserve: logs, configuration and state, before anything changes."""

from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case

LINES = 10_000
MARK = "state.json"


@act("preserve")
def preserve(case: Case, plan: Plan) -> None:
    """Keep both slots' logs, the rendered configuration and the state in the incident's folder. Once.

    Raises:
        EvidenceNotKept: a full disk, a missing folder. Nothing was changed.
    """
    if case.evidence.has(MARK):
        return
    platform = case.document.platform
    slots = platform.slots()
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
