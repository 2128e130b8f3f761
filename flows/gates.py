"""A gate of a deploy: after a step's analysis a person is asked, by the same consent as everything; the share stays meanwhile."""

from domain.consent import Ruling
from domain.errors import GateClosed
from domain.gate import analysed, at_gate, question, waits_at
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.plan import Plan
from flows.consent import reason, ruled
from tasks.analyse import analyse
from tasks.case import Case
from tasks.run_log import in_flow
from tasks.tell import tell


def pass_gate(case: Case, plan: Plan, share: int) -> None:
    """Nothing where the plan has no gate at this share. After a yes the step is looked at once more: people take their time.

    Raises:
        GateClosed: a no, or silence: all traffic goes back. Also without Prefect: then nobody can be asked.
        CanaryFailed: the new release went bad meanwhile.
        Pause: Prefect's own signal that the run is suspended; no process is held.
    """
    if plan.rollout is None or share not in plan.rollout.gates:
        return
    if not in_flow():
        raise GateClosed(
            release=plan.to_release or "", share=share, why="without Prefect nobody can be asked"
        )
    entries = case.ledger.entries(case.incident.id)
    asks = at_gate(plan, waits_at(entries) or analysed(entries, share))
    stands, why = ruled(case, asks), reason(case, asks)
    if stands is not Ruling.APPROVED:
        if not any(entry.kind == Happened.GATE_CLOSED for entry in entries):
            case.note(Happened.GATE_CLOSED, share=share, ruling=stands, why=why)
        raise GateClosed(release=plan.to_release or "", share=share, why=why)
    about = case.ledger.incident(case.incident.id).model_copy(update={"plan": asks})
    tell(case, Moment.CONSENTED, incident=about, said=[why], once=question(asks))
    case.note(Happened.RESUMED, gate=share)
    analyse(case, plan, share, 0)
