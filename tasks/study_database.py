"""Study: migration status, the way down rehearsed on a clone, a backup restored beside, and the rows at stake."""

from blocks.databases.contract import Changes
from blocks.document import Document
from blocks.installation import Installation
from blocks.store import schemas
from domain.assess_database import RUNBOOKS_OF_THE_DATABASE, decide
from domain.database.backup import Backup
from domain.database.data_state import judged
from domain.database.study import Study
from domain.database.way_back import condition_of, fitting, kept_one
from domain.database.wish import OF_STATE
from domain.errors import BackoutError, DatabaseUnreachable
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.release import Survey
from domain.request import Kind, Request
from domain.situation import Situation
from domain.target import choose
from tasks.act import act
from tasks.assess import situation_of_request
from tasks.case import Case
from tasks.database import changes_of
from tasks.run_log import progress_lines
from tasks.stop_application import asked_for
from tasks.study_release import terms_of
from tasks.survey import look_around

TRIED = 3
"""Backups that are tried, newest first, where one turns out to be broken."""


@act("study database")
def study_database(case: Case, seen: Survey) -> Study | None:
    """Find out all that a plan for the database rests on. Changes nothing: what is tried is tried on copies.

    None where the incident has its plan already.

    Raises:
        DatabaseUnreachable: the server does not answer.
        ConfigurationError: the application has no database, or no migrations.
    """
    if case.ledger.incident(case.incident.id).plan is not None:
        return None
    situation = situation_of_request(case.ledger, case.document, case.request, seen)
    study = study_of(case.installation, case.document, situation)
    case.note(Happened.STUDIED, study=study.model_dump(mode="json"))
    return study


def planned(here: Installation, document: Document, request: Request) -> Plan:
    """The plan that would be made now. Changes nothing. Raises as `study_database`, UnknownRelease and UnknownPart."""
    document = document.of_part(request.only)
    situation = situation_of_request(here.store, document, request, look_around(document, request.to))
    study = None if request.database is None else study_of(here, document, situation)
    deploys = request.kind is Kind.DEPLOY
    to, seen = request.to or "", situation.survey
    terms = terms_of(document, here.home, to, seen, builds=False) if deploys else None
    return decide(situation.model_copy(update={"study": study, "deploy": terms}))


def study_of(here: Installation, document: Document, situation: Situation) -> Study:
    """What was seen of the database, for this request, now."""
    changes = changes_of(document, here.home)
    changes.tidy()
    first = _first_look(changes, document, situation)
    if situation.request.runbook == "swap-back":
        return _with_missing(changes, first, situation.request)
    if situation.request.runbook in ("data-corruption", "restore-database"):
        return _with_copy(changes, first, situation.request)
    return _with_way_down(here, changes, first, situation)


def _with_missing(changes: Changes, study: Study, request: Request) -> Study:
    """What was written since the swap, and would go out of use with the database that holds it."""
    kept = kept_one(study, request.wish)
    return study.model_copy(update={"missing": changes.missing_in(kept)}) if kept else study


def _first_look(changes: Changes, document: Document, situation: Situation) -> Study:
    request, survey = situation.request, situation.survey
    target = None if request.runbook in RUNBOOKS_OF_THE_DATABASE else choose(situation)
    declared = next(
        (row.schema_version for row in situation.releases if target and row.version == target.version), None
    )
    backups = changes.backups()
    findings = changes.look()
    status = changes.status(_serving_release(situation))
    return Study(
        database=document.name,
        status=status,
        wanted=request.wish.schema_version or (status.version if _keeps_the_schema(request) else declared),
        target_fits=survey.healthy(target.name) if target and target.running else None,
        backups=backups,
        kept=changes.kept(),
        findings=findings,
        data=judged(findings, changes.rows(), backups) if request.runbook == "data-corruption" else None,
        stops_application=asked_for(document),
    )


def _keeps_the_schema(request: Request) -> bool:
    """Whether only the data is wrong: then a backup is of use whose schema the code that stays runs on."""
    return request.runbook == "data-corruption" or request.wish.condition in OF_STATE.values()


def _with_way_down(here: Installation, changes: Changes, study: Study, situation: Situation) -> Study:
    """The way down, rehearsed where it is needed; where it cannot be believed, a backup beside too."""
    needed = study.wanted is not None and study.wanted != study.status.version
    if not needed or (study.target_fits and situation.request.runbook != "migrate-down"):
        return study
    recorded = schemas.of(here.store.database, study.database, study.wanted)
    try:
        rehearsal = changes.rehearse(study.wanted, recorded, _serving_release(situation), progress_lines())
    except DatabaseUnreachable:
        raise
    except BackoutError as error:
        study = study.model_copy(update={"no_way_down": error.what()})
    else:
        study = study.model_copy(update={"rehearsal": rehearsal})
    believed = study.rehearsal is not None and study.rehearsal.works
    return (
        study
        if believed or situation.request.runbook == "migrate-down"
        else _with_copy(changes, study, situation.request)
    )


def _with_copy(changes: Changes, study: Study, request: Request) -> Study:
    """The backup that would be restored, beside the live database: seen and counted before anybody is asked."""
    if condition_of(study, request.wish) is None:
        return study
    reasons = []
    for backup in fitting(study, request.wish)[:TRIED]:
        try:
            return study.model_copy(update={"beside": changes.beside(backup, progress_lines())})
        except DatabaseUnreachable:
            raise
        except BackoutError as error:
            reasons.append(error.what())
    return study.model_copy(update={"no_restore": "; ".join(reasons) or _none_fits(study, request)})


def _none_fits(study: Study, request: Request) -> str:
    if request.wish.backup is None:
        return ""
    return f"there is no backup {request.wish.backup!r}: {_names(study.backups)}"


def _names(backups: list[Backup]) -> str:
    return ", ".join(backup.name for backup in backups[:5]) or "there are none at all"


def _serving_release(situation: Situation) -> str | None:
    """The release whose migrations are applied: its down steps come with it (Aldeia step 8 loses them by checking out)."""
    serving = situation.survey.slot(situation.survey.serving)
    return serving.version if serving else None
