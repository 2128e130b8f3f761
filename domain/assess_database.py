"""The database's part of a plan: what it adds to a rollback, and plans that change the database alone."""

from __future__ import annotations

from domain.asking import consent_for
from domain.assess import assess, plan_base
from domain.assess_deploy import assess_deploy
from domain.assess_flag import with_flag
from domain.assess_half import undo_half
from domain.assess_restart import assess_restart
from domain.assess_shift import assess_shift
from domain.database.plan import Action, DatabasePlan
from domain.database.study import Study
from domain.database.way_back import back_to_kept, down_only, restore_only, with_the_code
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.request import RESTART, SHIFT_TRAFFIC, Kind, Request
from domain.situation import Situation

BEFORE_THE_CODE = "prepare"
STOP, START = "stop application", "start application"
STOPS = "the application is stopped while its database is changed"
CHANGES = {Action.DOWN: "migrate down", Action.RESTORE: "swap database", Action.SWAP_BACK: "swap database"}

RUNBOOKS_OF_THE_DATABASE = ("data-corruption", "restore-database", "migrate-down", "swap-back")
"""The runbooks that change the database alone; the code stays where it is."""


def decide(situation: Situation) -> Plan:
    """The plan for what was asked: of the code, of the code and the database, of the database alone, of a restart, a shift or a deploy.

    Raises:
        UnknownRelease: `request.to` is in no slot.
    """
    if situation.request.runbook in RUNBOOKS_OF_THE_DATABASE:
        return assess_database(situation)
    if situation.request.runbook == RESTART:
        return assess_restart(situation)
    if situation.request.runbook == SHIFT_TRAFFIC:
        return assess_shift(situation)
    if situation.request.kind is Kind.DEPLOY:
        return assess_deploy(situation)
    if undone := undo_half(situation):
        return undone
    plan = with_flag(assess(situation), situation)
    return with_database(plan, situation.study, situation.request) if situation.study else plan


def with_database(plan: Plan, study: Study, request: Request) -> Plan:
    """The rollback's plan with the database's part: a hold where neither way is safe.

    A plan that stops for another reason than the target's health stays as it is.
    """
    database = with_the_code(study, request.wish)
    if plan.stops_with is not None:
        held = [database.chosen.why] if database.action is Action.HOLD else []
        return plan.model_copy(update={"database": database, "why": [*plan.why, *held]})
    if database.action is Action.HOLD:
        why = [database.chosen.why, *plan.why]
        return plan.model_copy(
            update={"decision": Decision.HOLD, "why": why, "database": database, "acts": [], "consent": None}
        )
    return _laid_over(plan, database, study, request)


def assess_database(situation: Situation) -> Plan:
    """The plan of a runbook that changes the database alone. Raises ValueError for any other runbook."""
    study, request = situation.study, situation.request
    if study is None:
        raise ValueError(f"runbook {request.runbook} was not given a study of the database")
    database = _database_plan(study, request)
    serving = situation.survey.slot(situation.survey.serving)
    if database.action is Action.HOLD:
        held = plan_base(situation, serving, Decision.HOLD, [database.chosen.why])
        return held.model_copy(update={"database": database})
    plan = plan_base(situation, serving, Decision.CHANGE_DATABASE, [database.chosen.why])
    rule = situation.policy.rules[plan.severity]
    asked = plan.model_copy(
        update={
            "consent": consent_for(request, rule.consent, blind=False),
            "deadline_s": rule.deadline_s,
            "acts": ["preserve", "verify", "report", "soak"],
        }
    )
    return _laid_over(asked, database, study, request)


def _database_plan(study: Study, request: Request) -> DatabasePlan:
    match request.runbook:
        case "migrate-down":
            return down_only(study)
        case "swap-back":
            return back_to_kept(study, request.wish)
        case "data-corruption" | "restore-database":
            return restore_only(study, request.wish)
    raise ValueError(
        f"{request.runbook} is no runbook of the database alone ({', '.join(RUNBOOKS_OF_THE_DATABASE)})"
    )


def _laid_over(plan: Plan, database: DatabasePlan, study: Study, request: Request) -> Plan:
    rows = database.rows
    accepted = request.wish.accept_data_loss
    confirm = 0 if accepted is not None and accepted >= rows else rows
    stops = study.stops_application and database.acts
    why = [database.chosen.why, *([STOPS] if stops else [])]
    return plan.model_copy(
        update={
            "database": database,
            "why": [*plan.why, *(reason for reason in why if reason not in plan.why)],
            "at_risk": [*database.at_risk, *plan.at_risk],
            "confirm_rows": confirm,
            "consent": _asked(plan.consent) if confirm else plan.consent,
            "acts": _acts(plan.acts, database, stops=stops),
        }
    )


def _asked(consent: Consent | None) -> Consent:
    """Losing rows is always asked about, whatever the severity; nobody's silence approves it."""
    asked = consent or Consent(people=1)
    return asked.model_copy(update={"people": max(1, asked.people)})


def _acts(acts: list[str], database: DatabasePlan, *, stops: bool) -> list[str]:
    """The plan's acts with those of the database before the code's, or before the verification."""
    if not database.acts:
        return acts
    lossy = database.action is Action.DOWN and database.rows > 0
    ours = [*([STOP] if stops else []), *(["back up"] if lossy else []), CHANGES[database.action]]
    at = acts.index(BEFORE_THE_CODE) if BEFORE_THE_CODE in acts else acts.index("verify")
    changed = [*acts[:at], *ours, *acts[at:]]
    return _started_before(changed, "verify") if stops else changed


def _started_before(acts: list[str], act: str) -> list[str]:
    at = acts.index(act)
    return [*acts[:at], START, *acts[at:]]
