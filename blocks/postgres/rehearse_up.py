"""A release's migrations, tried on a clone: do they run, what do they take away, and is there a way down again."""

from __future__ import annotations

from collections.abc import Callable

from blocks.migrations.contract import Migrations
from blocks.postgres.catalog import schema_of
from blocks.postgres.clone import Clone, clone, quiet
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.progress import Progress
from domain.database.schema import Schema, differences
from domain.errors import BackoutError
from domain.rollout import Upward

HOLDS_DATA = ("table ", "column ")
"""The objects that a release which serves asks for by name."""


def rehearse_up(
    server: Server,
    migrations: Migrations,
    programs: Programs,
    *,
    release: str | None = None,
    progress: Callable[[Progress], None] = quiet,
) -> Upward:
    """Apply what `release` brings on a clone, and undo it again. The application's database is only read.

    A step that fails, up or down, is told in the answer. No clone is made where nothing is pending.

    Raises:
        SchemaDirty, NotRehearsed, ProgramUnfit, DatabaseUnreachable: nothing could be tried.
    """
    status = migrations.status(server, release=release)
    found = Upward(before=status.version, pending=status.pending)
    if not status.pending:
        return found
    with clone(server, programs, progress=progress) as copy:
        return _tried(server, migrations, copy, found, release)


def _tried(server: Server, migrations: Migrations, copy: Clone, found: Upward, release: str | None) -> Upward:
    before = _schema(server, copy)
    if failed := _failure(lambda: migrations.up(server, None, copy.database, release)):
        return found.model_copy(update={"failed": failed})
    breaks = gone(before, _schema(server, copy))
    no_way_down = _failure(lambda: migrations.down(server, found.before, copy.database, release))
    if not no_way_down and (left := differences(before, _schema(server, copy)).real):
        no_way_down = f"it does not lead back to the schema of {found.before}: {'; '.join(left[:3])}"
    return found.model_copy(update={"breaks": breaks, "no_way_down": no_way_down})


def gone(before: Schema, after: Schema) -> list[str]:
    """Tables and columns that are there before and not after, or of another kind: what an older release may ask for."""
    changed = [
        f"{name} is {'changed' if name in after.objects else 'gone'}"
        for name, definition in sorted(before.objects.items())
        if name.startswith(HOLDS_DATA) and after.objects.get(name) != definition
    ]
    dropped = [
        row.removeprefix("table ").removesuffix(" is gone") for row in changed if row.startswith("table ")
    ]
    return [row for row in changed if not any(row.startswith(f"column {table}.") for table in dropped)]


def _schema(server: Server, copy: Clone) -> Schema:
    with server.connected(copy.database) as connection:
        return schema_of(connection)


def _failure(act: Callable[[], object]) -> str:
    """What it failed with in one line; empty where it did not. Raises what a second try can mend."""
    try:
        act()
    except BackoutError as error:
        if error.retryable:
            raise
        return error.what()
    return ""
