"""Decommission: the release before a deploy was kept up long enough, and its slot is stopped. It can be started again."""

from blocks.host_lock import host_lock
from blocks.platforms.contract import BlueGreen, Platform
from blocks.startable import Startable
from domain.errors import BackoutError, StoreUnavailable
from domain.findings import all_ok, summary
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.release import placed
from tasks.case import Case
from tasks.finish import keep_head
from tasks.look import at_slot, through_router
from tasks.soak import newer_release, overtaken, under_way
from tasks.tell import tell

STAYS = "stays up"


def stoppable(platform: Platform) -> bool:
    """Whether a slot here can be stopped, and it can be told that it would start again."""
    return isinstance(platform, BlueGreen) and isinstance(platform, Startable)


def decommission(case: Case) -> str:
    """Stop the slot that the deploy left, where nobody needs it; in one line what became of it.

    Killed on the way and started again it goes on, and tells once. Images, commits and folders are left where they are.
    """
    if any(row.kind == Happened.DECOMMISSIONED for row in case.ledger.entries(case.incident.id)):
        return "it was done before"
    why, plan = _stopped(case), case.plan
    what = placed(plan.from_release, plan.from_slot)
    said = f"{what} {STAYS}: {why}" if why else f"{what} was stopped; a rollback starts it first"
    if not why:
        tell(case, Moment.FOLLOW_UP, said=[said], once="decommission")
    case.note(
        Happened.DECOMMISSIONED, slot=plan.from_slot, release=plan.from_release, stopped=not why, why=why
    )
    keep_head(case)
    return said


def _stopped(case: Case) -> str:
    """Why it was not stopped; empty where it is down now. No act of this host runs meanwhile."""
    try:
        with host_lock(case.installation.home, case.document.name):
            return needed(case) or _stop(case)
    except StoreUnavailable:
        raise
    except BackoutError as error:
        return error.what()


def _stop(case: Case) -> str:
    """A run of another host may have begun in between: it finds the slot started again, at the latest by its own `prepare`."""
    platform, slot = case.document.platform, case.plan.from_slot or ""
    if not isinstance(platform, BlueGreen):
        return "it has no slot of its own"
    platform.stop(slot)
    if under_way(case) or slot in platform.route().served:
        platform.start(slot)
        return "another run began meanwhile, so it was started again"
    return ""


def needed(case: Case) -> str:
    """Why the slot is still needed, in one line; empty where it may be stopped. Raises Unreachable."""
    incident, document = case.ledger.incident(case.incident.id), case.document
    if incident.outcome is not Outcome.DEPLOYED or document.deploy.keep_warm_s is None:
        return "`deploy.keep_warm_s` is off by now"
    if under_way(case) or overtaken(case) or newer_release(case):
        return "a newer incident or release came after this deploy"
    return _cannot_start(document.platform, case.plan) or _serves_badly(case, case.plan)


def _cannot_start(platform: Platform, plan: Plan) -> str:
    slot = plan.from_slot or ""
    if not stoppable(platform) or not isinstance(platform, Startable):
        return "the platform cannot tell whether it would start again"
    holds = platform.slot(slot).version
    if holds != plan.from_release:
        return f"{slot} holds {holds or 'no release'} by now"
    lacking = platform.lacking(slot)
    return f"it could not be started again: {lacking}" if lacking else ""


def _serves_badly(case: Case, plan: Plan) -> str:
    """Why what serves is not good enough to be the only copy that runs."""
    document = case.document
    platform = document.platform
    serving = platform.slot(plan.to_slot or "")
    if platform.route().served != plan.after or serving.version != plan.to_release:
        return f"{plan.to_release} has not all the traffic any more"
    releases = case.ledger.releases(document.name)
    if not any(row.version == plan.to_release and row.good_since for row in releases):
        return f"nobody has seen {plan.to_release} serve well for long enough"
    found = at_slot(document, serving) if serving.running else []
    users = through_router(document, [document.health], serving.name)
    if all_ok(found) and all_ok(users):
        return ""
    return f"{placed(serving.version, serving.name)} is not healthy: {summary([*found, *users]) or 'is down'}"
