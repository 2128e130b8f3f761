"""The runbooks' paths that go through the database: the order of their acts, as `flows/path.py` has it for the code."""

from domain.plan import Plan
from flows.consent import ask
from tasks.align import align
from tasks.assess import make_plan
from tasks.case import Case
from tasks.change_database import change_database
from tasks.export_written import export_written
from tasks.prepare import prepare
from tasks.preserve import preserve
from tasks.stop_application import start_application
from tasks.study_database import study_database
from tasks.survey import survey
from tasks.switch import switch
from tasks.tell import announce
from tasks.verify import verify


def take_back_with_schema(case: Case) -> None:
    """Code and schema together: FlappyJournal scenario 4, NotesHub "Standard Rollback" 1-5, Jarvis step 5, Aldeia step 8."""
    plan = _with_consent(case)
    change_database(case, plan)
    prepare(case, plan)
    switch(case, plan)
    align(case, plan)
    start_application(case)
    verify(case, plan)
    export_written(case, plan)


def mend_database(case: Case) -> None:
    """The database alone; the code stays where it is: Jarvis "Database Rollback Procedure", Aldeia step 8 option B."""
    plan = _with_consent(case)
    change_database(case, plan)
    start_application(case)
    verify(case, plan)
    export_written(case, plan)


def _with_consent(case: Case) -> Plan:
    """What both begin with: looked, told, tried on copies, planned, asked, evidence kept; nothing is changed yet."""
    seen = survey(case)
    announce(case)
    study = study_database(case, seen)
    plan = make_plan(case, seen, study)
    ask(case, plan)
    preserve(case, plan)
    return plan
