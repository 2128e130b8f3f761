"""The runbooks' paths: the order of their acts. Plain functions, so that they also run when Prefect does not."""

from blocks.document import Document
from domain.plan import Plan
from flows.consent import ask
from flows.gates import pass_gate
from tasks.align import align
from tasks.analyse import watch_release
from tasks.assess import make_plan
from tasks.case import Case
from tasks.compare import compare_again
from tasks.finish import puts_off
from tasks.install import make_ready
from tasks.prepare import prepare
from tasks.preserve import preserve, preserve_in_place
from tasks.restart import restart
from tasks.shift import at_a_gate, back_if_cut_off, shift
from tasks.study_release import study_release
from tasks.survey import survey
from tasks.switch import switch
from tasks.tell import announce
from tasks.validate import smoke, validate
from tasks.verify import verify


def take_back(case: Case) -> None:
    """The standard path: FlappyJournal "Standard Rollback Process", NotesHub "Standard Rollback"."""
    seen = survey(case)
    plan = make_plan(case, seen)
    carry_out(case, plan)


def carry_out(case: Case, plan: Plan) -> None:
    """From plan to verified traffic: the part that every runbook which may ask shares."""
    announce(case)
    ask(case, plan)
    preserve(case, plan)
    bring_back(case, plan)


def bring_back(case: Case, plan: Plan) -> None:
    """The target is made ready, gets the traffic, and is looked at as users have it: what every runbook of the code ends with."""
    prepare(case, plan)
    switch(case, plan)
    align(case, plan)
    verify(case, plan)


def restart_in_place(case: Case) -> None:
    """What serves is restarted, and looked at as users have it; whether it helped is told by what was bad before."""
    seen = survey(case)
    plan = make_plan(case, seen)
    announce(case)
    ask(case, plan)
    preserve(case, plan)
    restart(case, plan)
    verify(case, plan)
    compare_again(case, plan)


def go_forward(case: Case, staging: Document | None = None) -> None:
    """A deploy: NotesHub "Deployment Flow", its six steps. The way back is in the plan before anything is changed.

    `staging`: where what must pass before is looked at; None for what serves.
    """
    plan = case.plan if at_a_gate(case) else bring_in(case, staging)
    shift(case, plan, pass_gate)
    align(case, plan)
    verify(case, plan)
    watch_release(case, plan)


def bring_in(case: Case, staging: Document | None) -> Plan:
    """A deploy up to its first user: the release is in its slot, and passed there."""
    back_if_cut_off(case)
    seen = survey(case)
    plan = make_plan(case, seen, terms=study_release(case, seen))
    announce(case)
    ask(case, plan)
    validate(case, plan, staging)
    preserve(case, plan)
    make_ready(case, plan)
    prepare(case, plan)
    smoke(case, plan)
    return plan


def take_back_now(case: Case) -> None:
    """Emergency: nothing but the target's health comes before the switch; words and evidence come after.

    Where a linked run keeps the evidence and writes the report, this one ends here: `tasks.aftermath`.
    """
    seen = survey(case)
    plan = make_plan(case, seen)
    preserve_in_place(case, plan)
    bring_back(case, plan)
    announce(case)
    if not puts_off(case):
        preserve(case, plan)
