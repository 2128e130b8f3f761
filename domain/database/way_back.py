"""Which way the database goes when the code goes back: none needed, down, restore, or hold. Pure functions of the study.

Sources: Jarvis "When to Rollback Database" (the four conditions), Aldeia step 8 (options A, B, C), NotesHub "Migration
Strategy", FlappyJournal scenario 4.
"""

from __future__ import annotations

from domain.database.backup import Backup
from domain.database.plan import Action, DatabasePlan, Option, Order
from domain.database.study import Study
from domain.database.wish import OF_STATE, Condition, DataState, Wish

HOW_TO_REHEARSE = "rehearse it with `backout db rehearse`"


def with_the_code(study: Study, wish: Wish) -> DatabasePlan:
    """The database's part in a rollback of the code; the schema goes first, since the old code cannot run on this one."""
    none = _none_needed(study)
    if none.possible:
        return _plan(study, Action.NONE, Order.CODE_ONLY, [none])
    options = [none, _down(study), _restore(study, wish)]
    return _first_possible(study, Order.SCHEMA_FIRST, options)


def down_only(study: Study) -> DatabasePlan:
    """The database down to a version that a person named; the code stays."""
    return _first_possible(study, Order.SCHEMA_ONLY, [_down(study)])


def restore_only(study: Study, wish: Wish) -> DatabasePlan:
    """A backup in the place of the live data; the code stays. Never without one of the four conditions."""
    return _first_possible(study, Order.SCHEMA_ONLY, [_restore(study, wish)])


def back_to_kept(study: Study, wish: Wish) -> DatabasePlan:
    """The database that an earlier swap kept, in the place of the one it was swapped for."""
    kept = kept_one(study, wish)
    known = ", ".join(study.kept) or "none"
    why = (
        f"{kept} was kept by the last swap" if kept else f"no kept database {wish.kept or ''} (kept: {known})"
    )
    option = Option(
        action=Action.SWAP_BACK,
        possible=kept is not None,
        why=why,
        seconds=1.0 if kept else None,
        rows=study.missing,
    )
    plan = _first_possible(study, Order.SCHEMA_ONLY, [option])
    return plan.model_copy(update={"beside": kept})


def kept_one(study: Study, wish: Wish) -> str | None:
    """The kept database that was named, or the newest; None where there is none such."""
    kept = wish.kept or next(iter(study.kept), None)
    return kept if kept in study.kept else None


def fitting(study: Study, wish: Wish) -> list[Backup]:
    """The backups to try, best first: the one that was named; else those that hold what is wanted, newest first."""
    if wish.backup:
        return [backup for backup in study.backups if backup.name == wish.backup]
    return [backup for backup in study.backups if _fits(backup, study.wanted)]


def condition_of(study: Study, wish: Wish) -> Condition | None:
    """Which of the four conditions holds, by the person's word or else by the findings; None where none does."""
    data = wish.data or study.data
    return wish.condition or (OF_STATE.get(data) if data else None)


def _fits(backup: Backup, wanted: str | None) -> bool:
    if not backup.verified or backup.manifest is None:
        return False
    return wanted is None or backup.manifest.schema_version == wanted


def _none_needed(study: Study) -> Option:
    if study.wanted is None:
        why = "the target release declares no schema version"
        return Option(action=Action.NONE, possible=bool(study.target_fits), why=f"{why}; {_health(study)}")
    if study.wanted == study.status.version and study.status.dirty is None:
        return Option(action=Action.NONE, possible=True, why=f"the schema is at {study.wanted} already")
    possible = bool(study.target_fits) and study.status.dirty is None
    return Option(action=Action.NONE, possible=possible, why=_health(study))


def _health(study: Study) -> str:
    now = study.status.version or "an unknown version"
    if study.target_fits is None:
        return f"the old code was not seen to run on schema {now}"
    word = "runs" if study.target_fits else "does not run"
    return f"the old code {word} on schema {now}: seen by its health"


def _down(study: Study) -> Option:
    rehearsal = study.rehearsal
    if rehearsal is None:
        return Option(
            action=Action.DOWN, possible=False, why=study.no_way_down or f"not rehearsed; {HOW_TO_REHEARSE}"
        )
    if rehearsal.failed:
        why = f"the way down failed on a clone: {rehearsal.failed}"
    elif rehearsal.differences:
        why = f"the way down lands elsewhere: {'; '.join(rehearsal.differences)}"
    else:
        landed = (
            "and landed on the recorded schema"
            if rehearsal.compared
            else "(no schema was recorded to compare with)"
        )
        steps = f"{len(rehearsal.steps)} step{'' if len(rehearsal.steps) == 1 else 's'}"
        why = f"{steps} ran on a clone in {rehearsal.steps_s:.1f} s {landed}"
    return Option(
        action=Action.DOWN,
        possible=rehearsal.works,
        why=why,
        statements=rehearsal.statements,
        locks=rehearsal.locks,
        seconds=rehearsal.steps_s,
        rows=rehearsal.rows_at_risk,
    )


def _restore(study: Study, wish: Wish) -> Option:
    """A backup is restored only for one of Jarvis's conditions, and only as it was seen beside the live database."""
    condition = condition_of(study, wish)
    if condition is None:
        said = "the data is intact; " if (wish.data or study.data) is DataState.INTACT else ""
        why = f"{said}a restore needs one of: {', '.join(Condition)}"
        return Option(action=Action.RESTORE, possible=False, why=why)
    if study.beside is None:
        if fitting(study, wish) and not study.no_restore:
            return Option(
                action=Action.RESTORE, possible=False, why="not tried: a way that loses less was found"
            )
        wanted = f" at schema {study.wanted}" if study.wanted else ""
        why = study.no_restore or f"no verified backup{wanted} (`backout db list`)"
        return Option(action=Action.RESTORE, possible=False, why=why)
    beside = study.beside
    said = "verified against its manifest" if beside.verified else "unverified: it has no manifest"
    counts = f"{sum(beside.rows.values())} rows in {len(beside.rows)} tables"
    return Option(
        action=Action.RESTORE,
        possible=True,
        why=f"{condition}; {beside.backup} stands ready beside, {said}, {counts}",
        seconds=1.0,
        rows=beside.missing,
    )


def _first_possible(study: Study, order: Order, options: list[Option]) -> DatabasePlan:
    chosen = next((option for option in options if option.possible), None)
    if chosen is not None:
        return _plan(study, chosen.action, order, options)
    why = "; ".join(option.why for option in options)
    return _plan(study, Action.HOLD, order, [*options, Option(action=Action.HOLD, possible=True, why=why)])


def _plan(study: Study, action: Action, order: Order, options: list[Option]) -> DatabasePlan:
    beside = study.beside if action is Action.RESTORE else None
    return DatabasePlan(
        action=action,
        order=order,
        from_version=study.status.version,
        to_version=study.wanted,
        options=options,
        backup=beside.backup if beside else None,
        beside=beside.database if beside else None,
    )
