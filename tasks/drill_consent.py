"""A drill's request for consent is withdrawn at the drill's end: a yes that comes later would take back what is mended."""

from blocks.installation import Installation
from blocks.store import drills
from domain.consent import DEADLINE, Answer, Approval
from domain.drill import Drill
from domain.journal_kinds import Happened
from domain.precedence import Phase

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
    answer = Approval(
        incident=drill.incident, plan=plan.digest(), answer=Answer.REJECT, person=f"drill {drill.id}", via=DEADLINE,
        proven=True, reason="the drill is over",
    ).signed(here.approvals_key)  # fmt: skip
    here.store.answer(answer)
    here.store.append(drill.incident, Happened.ANSWERED, {"approval": answer.model_dump(mode="json")})
    drills.wait_no_longer(here.store.database, drill.incident)
    return True
