"""Change the database, as the plan says: down by rehearsed steps, or a swap with what stands ready beside. Never in place."""

from contextlib import nullcontext

from domain.database.plan import Action, DatabasePlan
from domain.errors import Conflict, NotReady
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.back_up import back_up
from tasks.case import Case
from tasks.database import changes_of
from tasks.database_progress import MIGRATE_DOWN, SWAP_DATABASE, begun, noted, returning
from tasks.progress import never_forward_again
from tasks.stop_application import stop_application


def change_database(case: Case, plan: Plan) -> None:
    """The plan's act on the database, once; nothing where it leaves the database alone.

    The application is stopped for it, where the settings say so; the path starts it again, or the end of the run.

    From the backup to the step that loses rows nobody writes: every row is in the one or in the other. A run that was
    killed in between takes another backup: somebody may have opened the database meanwhile.

    Raises:
        Ended: went back, where an earlier try of this run already did.
        NotReady: an earlier try of this run had begun to return the database.
    """
    database = plan.changes_database
    if database is None:
        return
    _never_forward_again(case, plan)
    find_out(case)
    done = noted(case, Happened.DATABASE_CHANGED)
    changes = changes_of(case.document, case.installation.home)
    if done is not None and _arrived(done, database):
        changes.tidy()
        return
    stop_application(case)
    if database.action is not Action.DOWN:
        swap_database(case, database)
        return
    with changes.stopped_writes() if database.rows else nullcontext():
        if done is None:
            back_up(case, plan)
        migrate_down(case, plan, database)


@act(MIGRATE_DOWN, changes=True)
def migrate_down(case: Case, plan: Plan, database: DatabasePlan) -> None:
    """Run the rehearsed steps, with the migrations of the release that brought them.

    Raises:
        Conflict: the schema is at another version than the plan was made for.
        StepFailed, MigrationRunning, SchemaDirty: see there.
    """
    changes = changes_of(case.document, case.installation.home)
    found = changes.status(plan.from_release).version
    if found not in (database.from_version, database.to_version) and not _between(case):
        raise Conflict(
            on=f"schema of {case.document.name}", expected=str(database.from_version), found=str(found)
        )
    try:
        changes.down(database.to_version, plan.from_release)
    finally:
        # Also where a later step failed: what the earlier ones did has to be returned.
        _note_down(case, plan, database)


@act(SWAP_DATABASE, changes=True)
def swap_database(case: Case, database: DatabasePlan) -> None:
    """Rename the live database away and the one beside into its place, in one transaction; the old one is kept.

    Raises:
        ConnectionsRemain: sessions do not leave; it is open again, and unchanged.
    """
    changes = changes_of(case.document, case.installation.home)
    swap = changes.swap_back if database.action is Action.SWAP_BACK else changes.swap
    swapped = swap(_beside(database))
    _note_swap(case, database, swapped.kept, swapped.outage_s)


def find_out(case: Case) -> None:
    """Note a change that was made by a run which was killed, or lost the server, before it could note it.

    Raises:
        DatabaseUnreachable: nothing can be told.
    """
    database = case.plan.changes_database if begun(case.ledger.entries(case.incident.id)) else None
    if database is not None and noted(case, Happened.DATABASE_CHANGED) is None:
        _find_out(case, case.plan, database)


@act("look at the database")
def _find_out(case: Case, plan: Plan, database: DatabasePlan) -> None:
    changes = changes_of(case.document, case.installation.home)
    changes.tidy()
    if database.action is Action.DOWN:
        _note_down(case, plan, database)
    elif swapped := changes.swapped(_beside(database)):
        _note_swap(case, database, swapped.kept, None)


def _note_down(case: Case, plan: Plan, database: DatabasePlan) -> None:
    """Where the schema stands now, if that is no longer where the plan found it."""
    stands = changes_of(case.document, case.installation.home).status(plan.from_release).version
    if stands != database.from_version:
        done = {"action": database.action, "from": database.from_version, "to": stands}
        case.note(Happened.DATABASE_CHANGED, **done)


def _note_swap(case: Case, database: DatabasePlan, kept: str, outage_s: float | None) -> None:
    case.note(
        Happened.DATABASE_CHANGED, action=database.action, **{"from": database.from_version}, to=database.to_version,
        kept=kept, outage_s=None if outage_s is None else round(outage_s, 3), backup=database.backup,
    )  # fmt: skip


def _beside(database: DatabasePlan) -> str:
    if database.beside is None:
        raise ValueError("a plan that swaps the database names the one beside")
    return database.beside


def _never_forward_again(case: Case, plan: Plan) -> None:
    if not returning(case.ledger.entries(case.incident.id)):
        return
    if plan.from_slot != plan.to_slot:
        never_forward_again(case, plan)
    returned = noted(case, Happened.DATABASE_RETURNED)
    why = str(returned.data["error"]) if returned else "an earlier try of this run began to return it"
    raise NotReady(application=case.document.name, why=why)


def _arrived(done: Entry, database: DatabasePlan) -> bool:
    """Whether it is all done; a run that was killed between two steps down goes on."""
    return database.action is not Action.DOWN or done.data["to"] == database.to_version


def _between(case: Case) -> bool:
    """Whether a killed try of this very act left the schema on its way."""
    starts = [
        entry for entry in case.ledger.entries(case.incident.id)
        if entry.kind == Happened.ACT_STARTED and entry.data.get("act") == MIGRATE_DOWN
    ]  # fmt: skip
    return len(starts) > 1
