"""The down steps, done on a clone: do they run, where do they land, what do they lock, and what do they lose."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from blocks.migrations.contract import Migrations
from blocks.postgres.at_risk import Steps, rows_at_risk
from blocks.postgres.catalog import schema_of
from blocks.postgres.clone import Clone, How, clone, quiet
from blocks.postgres.locks import watched
from blocks.postgres.programs import Programs
from blocks.postgres.server import Connection, Server
from blocks.postgres.tables import Tables, tables_of
from domain.database.migration import Step
from domain.database.progress import Progress
from domain.database.rehearsal import Lock, Rehearsal, RowsAtRisk
from domain.database.schema import Differences, Schema, differences
from domain.errors import BackoutError

GIVES_UP = re.compile(r"\bnowait\b", re.IGNORECASE)
"""A step that would rather fail than wait is not made to wait for our looking."""

SETTLES_WITHIN_S = 5.0
LOOKS_AGAIN_S = 0.01


@dataclass(frozen=True)
class Way:
    """Where the steps lead.

    Attributes:
        to: the version; None: all migrations are undone.
        recorded: the schema as it was at that version; None where nobody recorded it.
        release: the release whose files hold the steps.
    """

    to: str | None
    recorded: Schema | None = None
    release: str | None = None


@dataclass(frozen=True)
class _Before:
    """The clone as it was made. `schema`: None where it is the original's to the byte, or nothing is compared."""

    schema: Schema | None
    tables: Tables
    began: int


@dataclass
class _Run:
    failed: str = ""
    seconds: float = 0.0
    undone: list[str] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)


def rehearse(  # noqa: PLR0913 -- the way's three parts are named at the call
    server: Server,
    migrations: Migrations,
    programs: Programs,
    *,
    to: str | None,
    recorded: Schema | None = None,
    release: str | None = None,
    how: How = "auto",
    progress: Callable[[Progress], None] = quiet,
) -> Rehearsal:
    """Do the down steps to `to` on a clone, and look at what they did. The application's database is only read.

    A step that fails, or lands elsewhere than `recorded`, is told in the rehearsal.

    Raises:
        NoDownStep, UnknownVersion, SchemaDirty: there is nothing to rehearse; no clone was made.
        NotRehearsed, ProgramUnfit, DatabaseUnreachable: there is no clone to rehearse on.
    """
    way = Way(to, recorded, release)
    came_from = migrations.status(server, release=release).version
    steps = migrations.plan_down(server, to, release=release)
    with clone(server, programs, how, progress) as copy, server.connected(copy.database) as connection:
        before = _before(connection, copy, way)
        run = _run(server, migrations, copy, way, steps, before.tables)
        found, at_risk = (Differences(), []) if run.failed else _after(connection, copy, way, before)
        return Rehearsal(
            database=server.database,
            from_version=came_from,
            to_version=to,
            steps=run.undone,
            failed=run.failed,
            differences=found.real,
            cosmetic=found.cosmetic,
            compared=recorded is not None and not run.failed,
            rows_at_risk=at_risk,
            locks=run.locks,
            statements=[step.statements for step in steps if step.statements],
            clone_s=copy.seconds,
            steps_s=run.seconds,
            at=datetime.now(UTC),
        )


def _before(connection: Connection, copy: Clone, way: Way) -> _Before:
    spelled_anew = copy.how == "dump" and way.recorded is not None
    began = connection.execute("SELECT pg_current_xact_id()::text::numeric % (2::numeric ^ 32)").fetchone()
    schema = schema_of(connection) if spelled_anew else None
    return _Before(schema, tables_of(connection), int(began[0]) if began else 0)


def _run(
    server: Server, migrations: Migrations, copy: Clone, way: Way, steps: Sequence[Step], tables: Tables
) -> _Run:
    run = _Run()
    patient = not any(GIVES_UP.search(step.statements) for step in steps)
    with ExitStack() as stack:
        watch = stack.enter_context(watched(server, copy.database, tables, hold=patient))
        started = time.monotonic()
        try:
            migrations.down(
                server, way.to, copy.database, way.release, lambda step: run.undone.append(step.version)
            )
        except BackoutError as error:
            if error.retryable:
                raise
            run.failed = error.what()
        run.seconds = time.monotonic() - started
    run.locks = watch.locks()
    return run


def _after(
    connection: Connection, copy: Clone, way: Way, before: _Before
) -> tuple[Differences, list[RowsAtRisk]]:
    """What tells the schema from the recorded one, and what is lost."""
    counted = _settled(connection)
    found = _compared(way.recorded, schema_of(connection), copy, before) if way.recorded else Differences()
    steps = Steps(before.tables, tables_of(connection), before.began, counted)
    return found, rows_at_risk(copy.source, connection, steps)


def _compared(recorded: Schema, then: Schema, copy: Clone, before: _Before) -> Differences:
    """As the application's database spells it, where the clone's own spelling may be what differs."""
    found = differences(recorded, then)
    if before.schema is None or not (found.real or found.cosmetic):
        return found
    return differences(recorded, schema_of(copy.source).after(before.schema, then))


def _settled(connection: Connection) -> bool:
    """Whether the counters of rows can be believed: a session hands its last ones in when it ends."""
    until = time.monotonic() + SETTLES_WITHIN_S
    query = (
        "SELECT current_setting('track_counts')::bool, EXISTS (SELECT FROM pg_stat_activity WHERE"
        " datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL)"
    )
    counting, others = connection.execute(query).fetchone() or (False, True)
    while counting and others and time.monotonic() < until:
        time.sleep(LOOKS_AGAIN_S)
        counting, others = connection.execute(query).fetchone() or (False, True)
    return bool(counting and not others)
