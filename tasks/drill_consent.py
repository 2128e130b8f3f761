"""A drill's request for consent is withdrawn at the drill's end: a yes that comes later would take back what is mended."""

from datetime import UTC, datetime

from blocks.installation import Installation
from blocks.store import drills
from domain.consent import DEADLINE, Answer, Approval
from domain.drill import Drill
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.precedence import Phase
from tasks.case import Case

WITHDRAWN = "people were still asked for consent: the request is withdrawn"


def withdrawn(here: Installation, drill: Drill) -> bool:
    """Close the request of the drill's incident, as its deadline would; `serve` wakes the run. False where nobody is asked."""
    holder = here.store.holder(drill.application)
    if drill.incident is None or holder is None:
        return False
    if (holder.incident, holder.phase) != (drill.incident, Phase.WAITING):
        return False
    plan = here.store.incident(drill.incident).plan
    if plan is None:
        return False
    _close(here, drill, drill.incident, plan)
    drills.wait_no_longer(here.store.database, drill.incident)
    return True


def withdrawn_late(case: Case, plan: Plan) -> bool:
    """Close a request that comes after its drill is over: the drill looked before there was one. False where none is over.

    Asked by the run itself, when it waits already: whoever comes second, it or the drill's end, sees the other.
    """
    here, drill = case.installation, case.request.drill
    known = drills.known(here.store.database, drill) if drill else None
    if known is None or not (known.ended_at or known.until <= datetime.now(UTC)):
        return False
    _close(here, known, case.incident.id, plan)
    return True


def _close(here: Installation, drill: Drill, incident: str, plan: Plan) -> None:
    answer = Approval(
        incident=incident, plan=plan.digest(), answer=Answer.REJECT, person=f"drill {drill.id}", via=DEADLINE,
        proven=True, reason="the drill is over",
    ).signed(here.approvals_key)  # fmt: skip
    here.store.answer(answer)
    here.store.append(incident, Happened.ANSWERED, {"approval": answer.model_dump(mode="json")})
