"""The runbooks' paths: the order of their acts. Plain functions, so that they also run when Prefect does not."""

from domain.plan import Plan
from flows.consent import ask
from tasks.assess import make_plan
from tasks.case import Case
from tasks.finish import puts_off
from tasks.prepare import prepare
from tasks.preserve import preserve
from tasks.survey import survey
from tasks.switch import switch
from tasks.tell import announce
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
    prepare(case, plan)
    switch(case, plan)
    verify(case, plan)


def take_back_now(case: Case) -> None:
    """Emergency: nothing but the target's health comes before the switch; words and evidence come after.

    Where a linked run keeps the evidence and writes the report, this one ends here: `tasks.aftermath`.
    """
    seen = survey(case)
    plan = make_plan(case, seen)
    prepare(case, plan)
    switch(case, plan)
    verify(case, plan)
    announce(case)
    if not puts_off(case):
        preserve(case, plan)
