"""Decommission: the release before a deploy was kept up long enough, and its slot is stopped. It can be started again."""

from dataclasses import dataclass

from blocks.host_lock import host_lock
from blocks.platforms.contract import Platform
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


@dataclass(frozen=True)
class End:
    """What became of the slot.

    Attributes:
        why: why it stays up, or what went wrong; empty where it was stopped as it should be.
        stopped: whether it is down now.
        tells: how people are told; None where nobody need know.
    """

    why: str = ""
    stopped: bool = False
    tells: Moment | None = None


def decommission(case: Case) -> str:
    """Stop the slot that the deploy left, where nobody needs it; in one line what became of it.

    Killed on the way and started again it goes on, and tells once. Images, commits and folders are left where they are.
    """
    noted = [row for row in case.ledger.entries(case.incident.id) if row.kind == Happened.DECOMMISSIONED]
    if noted:
        end = End(noted[-1].data["why"], stopped=noted[-1].data["stopped"])
        return f"it was done before: {_said(case.plan, end)}"
    end, plan = _ended(case), case.plan
    said = _said(plan, end)
    if end.tells:
        tell(case, end.tells, said=[said], once="decommission")
    case.note(
        Happened.DECOMMISSIONED,
        slot=plan.from_slot, release=plan.from_release, stopped=end.stopped, why=end.why,
    )  # fmt: skip
    keep_head(case)
    return said


def _said(plan: Plan, end: End) -> str:
    what = placed(plan.from_release, plan.from_slot)
    if end.stopped:
        return f"{what} was stopped; {end.why or 'a rollback starts it first'}"
    return f"{what} {STAYS}: {end.why}"


def _ended(case: Case) -> End:
    """No act of this host runs meanwhile. What fails before anything was stopped leaves it up, and is told: nobody looks again."""
    platform = case.document.platform
    if not isinstance(platform, Startable):
        return End("the platform cannot tell whether it would start again")
    try:
        with host_lock(case.installation.home, case.document.name):
            why = _needed(case, platform)
            return End(why) if why else _stop(case, platform)
    except StoreUnavailable:
        raise
    except BackoutError as error:
        return End(f"{error.what()}; it is not tried again", tells=Moment.FOLLOW_UP)


def _stop(case: Case, platform: Startable) -> End:
    """A run of another host may have begun in between: it finds the slot started again, at the latest by its own `prepare`.

    From here on whatever fails has it started again, and calls people. Raises StoreUnavailable, after that.
    """
    slot = case.plan.from_slot or ""
    try:
        platform.stop(slot)
        if slot in platform.route().served:
            return _up_again(platform, slot, "it got traffic meanwhile", Moment.ESCALATED)
        if under_way(case):
            return _up_again(platform, slot, "another run began meanwhile")
    except BackoutError as error:
        end = _up_again(platform, slot, error.what(), Moment.ESCALATED)
        if isinstance(error, StoreUnavailable):
            raise
        return end
    return End(stopped=True, tells=Moment.FOLLOW_UP)


def _up_again(platform: Startable, slot: str, why: str, tells: Moment | None = None) -> End:
    try:
        platform.start(slot)
    except BackoutError as error:
        said = f"{why}; and it does not start again: {error.what()}"
        return End(said, stopped=_is_down(platform, slot), tells=Moment.ESCALATED)
    return End(f"{why}, so it was started again", tells=tells)


def _is_down(platform: Platform, slot: str) -> bool:
    """Whether it is, or cannot be seen to be up."""
    try:
        return not platform.slot(slot).running
    except BackoutError:
        return True


def _needed(case: Case, platform: Startable) -> str:
    """Why the slot is still needed, in one line; empty where it may be stopped. Raises Unreachable."""
    incident, document, plan = case.ledger.incident(case.incident.id), case.document, case.plan
    if incident.outcome is not Outcome.DEPLOYED:
        return f"{incident.id} ended as {incident.outcome}, and not as a deploy"
    if document.deploy.keep_warm_s is None:
        return "`deploy.keep_warm_s` is off by now"
    if under_way(case) or overtaken(case) or newer_release(case):
        return "a newer incident or release came after this deploy"
    return _older_is_up(case, plan) or _cannot_start(platform, plan) or _serves_badly(case, plan)


def _older_is_up(case: Case, plan: Plan) -> str:
    """What runs is gone back to before what is down (`domain.target`): an older release must not come before this one by that."""
    releases = case.ledger.releases(case.document.name)
    since = {row.version: row.served_since for row in releases if row.served_since and not row.quarantined_by}
    ours = since.get(plan.from_release or "")
    for slot in case.document.platform.slots():
        served = since.get(slot.version or "")
        idle = slot.running and slot.name not in (plan.from_slot, plan.to_slot)
        if idle and ours and served and served < ours:
            return f"{placed(slot.version, slot.name)} is older and still up, and a rollback would go there"
    return ""


def _cannot_start(platform: Startable, plan: Plan) -> str:
    slot = plan.from_slot or ""
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
