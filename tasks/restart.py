"""Restart: what serves is started anew in place, one instance after the other; the release stays (Aldeia "Remember" 1)."""

from collections.abc import Iterable, Mapping

from blocks.platforms.contract import Unproven
from blocks.restartable import Restartable
from domain.assess_restart import CANNOT
from domain.errors import RestartFailed
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.release import placed
from domain.request import RESTART
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended
from tasks.look import at_slot
from tasks.prepare import still_holds


@act(RESTART, changes=True)
def restart(case: Case, plan: Plan) -> None:
    """Each instance that serves once, also where the run was killed in the middle and goes on; then all of them are healthy.

    Raises:
        Ended: held, where something else serves by now than what the plan names.
        RestartFailed: what was restarted is not healthy.
        CommandFailed, RolloutStalled: an instance does not come up; those after it were left alone.
    """
    _still_serves(case, plan)
    slot, instances = plan.to_slot or "", _named(case, plan)
    _platform(case).restart_serving(slot, instances)
    case.note(Happened.RESTARTED, slot=slot, instances=list(instances))
    _proven(case, slot)


@act("bring up", changes=True)
def bring_up(case: Case, plan: Plan) -> None:
    """Start what a restart that was cut off left stopped; nothing else is restarted. Raises as `restart`."""
    slot = plan.to_slot or ""
    _platform(case).restart_serving(slot, {})
    _proven(case, slot)


def begun(entries: Iterable[Entry]) -> bool:
    """Whether the incident began to restart what serves."""
    return any(entry.kind == Happened.RESTARTING for entry in entries)


def _named(case: Case, plan: Plan) -> Mapping[str, str]:
    """What there was to restart before the first try, noted before anything is stopped."""
    noted = [row for row in case.ledger.entries(case.incident.id) if row.kind == Happened.RESTARTING]
    if noted:
        return dict(noted[0].data["instances"])
    found = _platform(case).instances(plan.to_slot or "")
    case.note(Happened.RESTARTING, slot=plan.to_slot, instances=found)
    return found


def _platform(case: Case) -> Restartable:
    """Raises Ended where the document was changed since the plan was made."""
    platform = case.document.platform
    if not isinstance(platform, Restartable):
        raise Ended(Outcome.HELD, CANNOT)
    return platform


def _still_serves(case: Case, plan: Plan) -> None:
    serving = case.document.platform.route().slot
    if serving != plan.to_slot:
        planned = placed(plan.to_release, plan.to_slot)
        raise Ended(
            Outcome.HELD, f"{serving or 'no one slot'} has the traffic by now, not {planned} as planned"
        )
    still_holds(case, plan)


def _proven(case: Case, slot: str) -> None:
    """Healthy at its own address, where it has one. In place the platform has waited, and users are looked at next."""
    platform = case.document.platform
    if not platform.standby:
        return
    found = platform.prepare(slot, lambda seen: at_slot(case.document, seen))
    if isinstance(found, Unproven):
        raise RestartFailed(slot=slot, why=found.reason)
