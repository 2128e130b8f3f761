"""Return the schema: where a deploy in place took away what the release before needs, its migrations go down before that.

Any other schema stays up, as where there is a standby: both releases run on it (`domain/assess_deploy.py`), and a step down
may lose what was written meanwhile.
"""

from collections.abc import Sequence

from blocks.databases.contract import Changes
from blocks.store import schemas
from domain.assess_deploy import MIGRATE_UP
from domain.database.rehearsal import Rehearsal
from domain.errors import BackoutError, Conflict, LostLock, MigrationRunning, StoreUnavailable, Unforeseen
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.rollout import Rollout
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of
from tasks.database_progress import RETURN_SCHEMA, noted
from tasks.ended import Ended, Interrupted
from tasks.go_back import serves_again
from tasks.run_log import progress_lines

BY_HAND = "`backout db migrate-down` takes it down"
UNTOUCHED = (Conflict.__name__, MigrationRunning.__name__)
"""What a step up fails with before it changes anything."""


def with_schema(case: Case, outcome: Outcome, why: str) -> tuple[Outcome, str]:
    """How a deploy ends whose release does not serve, and what became of its schema. Raises LostLock, StoreUnavailable."""
    if outcome is Outcome.HELD and (rollout := _undecided(case)):
        take_schema_down(case)
        if rollout.breaks and (worse := _not_served(case)):
            outcome, why = Outcome.STUCK, f"{why}; {worse}"
    became = _what_became(case)
    if outcome in (Outcome.HELD, Outcome.WENT_BACK) and _cannot_live(case):
        outcome = Outcome.STUCK
    return outcome, f"{why}; {became}" if became else why


def take_schema_down(case: Case) -> None:
    """Before what served is put in place again. Whatever fails here stops no way back, and is noted.

    Raises LostLock, StoreUnavailable.
    """
    rollout = _undecided(case)
    if rollout is None:
        return
    if not rollout.breaks:
        _leave(case, f"the schema stays migrated up: {BY_HAND}")
        return
    try:
        _down(case, case.plan, rollout)
    except (LostLock, StoreUnavailable, Interrupted):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: users wait for the release before
        _leave(case, f"the schema stays, since it could not be taken down ({_line(error)}): {BY_HAND}")


@act(RETURN_SCHEMA, changes=True, lasting=True)
def _down(case: Case, plan: Plan, rollout: Rollout) -> None:
    """Down to where the deploy found it, where a rehearsal on what is there now proves that it works and loses no row.

    Nobody writes meanwhile: a row written after the rehearsal would be in no count.

    Raises:
        StepFailed, SchemaDirty, MigrationRunning, NoDownStep: as `blocks.databases.contract` says.
    """
    changes, before, release = (
        changes_of(case.document, case.installation.home),
        rollout.schema_before,
        plan.to_release,
    )
    changes.tidy()
    if changes.status(release).version != before:
        if why := _not_ours(case, changes):
            _leave(case, f"the schema stays, since {why}: {BY_HAND}")
            return
        recorded = schemas.of(case.installation.store.database, case.document.name, before)
        with changes.stopped_writes():
            seen = changes.rehearse(before, recorded, release, progress_lines())
            if why := _against(seen):
                _leave(case, f"schema {seen.from_version} stays, since {why}: {BY_HAND}")
                return
            case.ledger.check(case.hold)
            changes.down(before, release)
    how = f"down again to {before or 'nothing'}"
    case.note(Happened.DATABASE_RETURNED, how=how, error=f"{release} does not serve")


def _leave(case: Case, what: str) -> None:
    case.note(Happened.SCHEMA_LEFT, what=what)


def _not_ours(case: Case, changes: Changes) -> str:
    """Why what is applied, or what serves, is not this deploy's doing; empty where it is. Raises Unreachable."""
    plan = case.plan
    if (serving := case.document.platform.route().slot) not in (plan.from_slot, plan.to_slot):
        return f"somebody else put {serving} in place"
    before, applied = (
        plan.rollout.schema_before if plan.rollout else None,
        changes.status(plan.to_release).applied,
    )
    if before is not None and before not in applied:
        return f"{before}, which it was at, is not applied any more"
    above = applied[applied.index(before) + 1 :] if before is not None else applied
    others = [version for version in above if version not in _brought(case)]
    return f"somebody else applied {', '.join(others)}" if others else ""


def _against(seen: Rehearsal) -> str:
    """Why nobody may take it down unasked; empty where that costs nothing."""
    if not seen.works:
        return f"the way down does not work: {seen.failed or '; '.join(seen.differences[:3])}"
    lost = [f"{row.rows} rows of {row.table} ({row.what})" for row in seen.rows_at_risk]
    return f"the way down would lose {', '.join(lost)}" if lost else ""


def _undecided(case: Case) -> Rollout | None:
    """The rollout in place that began to migrate up, where nothing was made of its schema yet."""
    rollout = _rollout(case)
    if rollout is None or not rollout.in_place or not _brought(case):
        return None
    return None if _what_became(case) else rollout


def _what_became(case: Case) -> str:
    """Of the schema that a deploy brought, in one line; empty where nothing was decided about it."""
    if _rollout(case) is None:
        return ""
    if left := noted(case, Happened.SCHEMA_LEFT):
        return str(left.data["what"])
    returned = noted(case, Happened.DATABASE_RETURNED)
    return f"the schema is {returned.data['how']}" if returned else ""


def _cannot_live(case: Case) -> bool:
    """Whether a schema stays that the release before may not live with: its health alone tells too little, people have to look."""
    rollout = _rollout(case)
    return rollout is not None and bool(rollout.breaks) and noted(case, Happened.SCHEMA_LEFT) is not None


def _rollout(case: Case) -> Rollout | None:
    plan = case.ledger.incident(case.incident.id).plan
    return plan.rollout if plan else None


def _not_served(case: Case) -> str:
    """Why it is not known that the release before serves; empty where it does. Raises LostLock, StoreUnavailable."""
    try:
        serves_again(case, case.plan)
    except Ended as end:
        return end.why
    except (LostLock, StoreUnavailable, Interrupted):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is: people have to look
        return f"{case.plan.from_release} is not seen to serve: {_line(error)}"
    return ""


def _line(error: Exception) -> str:
    return (error if isinstance(error, BackoutError) else Unforeseen.of(error)).what()


def _brought(case: Case) -> Sequence[str]:
    """The versions that this deploy applied, or was about to apply when it was killed."""
    entries = case.ledger.entries(case.incident.id)
    versions = [
        version
        for entry in entries
        if entry.kind == Happened.MIGRATED_UP
        for version in entry.data["versions"]
    ]
    rollout = _rollout(case)
    return versions or (rollout.migrations if rollout and _begun(entries) else [])


def _begun(entries: Sequence[Entry]) -> bool:
    """Whether the last step up may have changed something."""
    up = [entry for entry in entries if entry.data.get("act") == MIGRATE_UP]
    return bool(up) and not (up[-1].kind == Happened.ACT_FAILED and up[-1].data.get("type") in UNTOUCHED)
