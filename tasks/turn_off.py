"""Turn off: the feature whose third party fails, before any release goes back (Jarvis scenario 4, step 1)."""

from blocks.platforms.contract import Unproven
from blocks.routers.contract import Receipt
from domain.assess_flag import OFF, TURN_OFF
from domain.errors import BackoutError, Conflict, LostLock, StoreUnavailable
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.case import Case
from tasks.look import at_slot


def turn_off(case: Case, plan: Plan) -> None:
    """Turn the plan's flag off; nothing where it names none.

    What cannot be turned off stops nothing: the act has noted it, and the release goes back.

    Raises:
        LostLock, StoreUnavailable: as every act.
    """
    if plan.flag is None:
        return
    try:
        _turn_off(case, plan.flag)
    except (LostLock, StoreUnavailable):
        raise
    except BackoutError:
        return


@act(TURN_OFF, changes=True)
def _turn_off(case: Case, flag: str) -> None:
    """A no-op where it is off."""
    feature = case.whole.of_part(flag)
    platform = feature.platform
    before = platform.route()
    if before.slot != OFF:
        found = platform.prepare(OFF, lambda slot: at_slot(feature, slot))
        if isinstance(found, Unproven):
            raise Conflict(on=flag, expected="one that can be turned off", found=found.reason)
        receipt = platform.activate(OFF, before)
        case.note(Happened.TURNED_OFF, part=flag, receipt=receipt.model_dump(mode="json"))
    elif turned_off(case) is None:
        # Killed between the act and its entry, or somebody else was first: off it is.
        found_off = Receipt(changed=False, before=before.slot, after=OFF)
        case.note(Happened.TURNED_OFF, part=flag, receipt=found_off.model_dump(mode="json"))


def turned_off(case: Case) -> str | None:
    """The feature that this incident turned off, and that stays so; None where it did not."""
    entries = case.ledger.entries(case.incident.id)
    parts = [str(entry.data["part"]) for entry in entries if entry.kind == Happened.TURNED_OFF]
    return parts[-1] if parts else None
