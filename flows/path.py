"""The runbooks' paths: the order of their acts. Plain functions, so that they also run when Prefect does not."""

from flows.consent import ask
from tasks.assess import make_plan
from tasks.case import Case
from tasks.compare import compare
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
    announce(case)
    ask(case, plan)
    preserve(case, plan)
    prepare(case, plan)
    switch(case, plan)
    verify(case, plan)


def take_back_if_faster(case: Case) -> None:
    """The same, once the old release has proved to be the faster one: FlappyJournal scenario 3, Jarvis scenario 3."""
    seen = compare(case, survey(case))
    plan = make_plan(case, seen)
    announce(case)
    ask(case, plan)
    preserve(case, plan)
    prepare(case, plan)
    switch(case, plan)
    verify(case, plan)


def take_back_now(case: Case) -> None:
    """Emergency: nothing but the target's health comes before the switch; evidence and words come after."""
    plan = make_plan(case, survey(case))
    prepare(case, plan)
    switch(case, plan)
    verify(case, plan)
    announce(case)
    preserve(case, plan)
