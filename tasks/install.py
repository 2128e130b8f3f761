"""Install: the database is backed up and migrated up, and the new release comes into its idle slot. Users notice nothing."""

from functools import partial

from blocks.installable import installer
from domain.assess_deploy import BACK_UP, INSTALL, MIGRATE_UP
from domain.errors import NotInstalled
from domain.journal_kinds import Happened
from domain.plan import Plan
from tasks.act import act
from tasks.as_planned import as_planned, record, run_install, still_ours
from tasks.back_up import take_backup
from tasks.case import Case
from tasks.database import changes_of, keep_schema
from tasks.left_behind import end_left_behind
from tasks.run_log import progress_lines
from tasks.take_place import keep_way_back

BEFORE_DEPLOY = "before-deploy"


def make_ready(case: Case, plan: Plan) -> None:
    """Whatever of it the plan names and was not done by an earlier try of this run."""
    rollout = plan.rollout
    if rollout is None:
        return
    if rollout.backup and not _noted(case, Happened.BACKED_UP):
        back_up_before(case, plan)
    if rollout.migrations and not _noted(case, Happened.MIGRATED_UP):
        migrate_up(case, plan)
    if rollout.in_place:
        keep_way_back(case, plan)
    elif not _noted(case, Happened.INSTALLED):
        install(case, plan)


@act(BACK_UP)
def back_up_before(case: Case, plan: Plan) -> None:
    """A verified copy of the database as the serving release has it. Raises BackupFailed, BackupUnusable."""
    made = take_backup(case.installation, case.document, BEFORE_DEPLOY, plan.from_release, progress_lines())
    rows = sum(made.manifest.rows.values()) if made.manifest else 0
    case.note(Happened.BACKED_UP, backup=made.name, path=made.path, rows=rows)


@act(MIGRATE_UP, changes=True, lasting=True)
def migrate_up(case: Case, plan: Plan) -> None:
    """What was tried on the clone. A step that fails is undone by its tool; the steps before it stay, and say so.

    The schema before is kept, so that the way down can be checked against it; not by a second try, which may find steps
    of the first one in it.

    Raises:
        Conflict: what serves is no longer what the plan goes back to; nothing was changed.
        StepFailed, SchemaDirty, MigrationRunning: as `blocks.databases.contract` says.
    """
    as_planned(case, plan)
    changes = changes_of(case.document, case.installation.home)
    before = plan.rollout.schema_before if plan.rollout else None
    if changes.status(plan.to_release).version == before:
        keep_schema(case.installation, case.document, before)
    versions = changes.up(release=plan.to_release)
    case.note(Happened.MIGRATED_UP, versions=versions, schema=changes.status(plan.to_release).version)


@act(INSTALL, changes=True)
def install(case: Case, plan: Plan) -> None:
    """Put the release into its slot where it is not there, and record it: who, why, on which schema.

    Raises:
        NotInstalled: the slot holds another release afterwards.
        Conflict: the slot serves by now, or what serves is no longer what the plan goes back to.
        CommandFailed: the command, or the program, did not end well.
        LostLock: somebody went before it; the command was ended where it stood.
    """
    slot, release = plan.to_slot or "", plan.to_release or ""
    platform, settings = case.document.platform, case.document.deploy
    end_left_behind(case)
    as_planned(case, plan)
    if platform.slot(slot).version != release:
        if settings.install:
            run_install(case, plan)
        if by_itself := installer(platform):
            by_itself.install(slot, release, partial(still_ours, case))
        found = platform.slot(slot).version
        if found != release:
            raise NotInstalled(release=release, slot=slot, why=f"it holds {found or 'no release'}")
    record(case, plan)
    case.note(Happened.INSTALLED, slot=slot, release=release)


def _noted(case: Case, kind: Happened) -> bool:
    return any(entry.kind == kind for entry in case.ledger.entries(case.incident.id))
