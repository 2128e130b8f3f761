"""Locks of real steps, seen while they run."""

from pathlib import Path

import pytest

from blocks.postgres.server import Server
from tests.blocks.postgres.steps import rehearsed, story

LOCKS: dict[str, tuple[str, list[tuple[str, str, str]] | None]] = {
    "a changed column": (
        "ALTER TABLE users ALTER note SET DEFAULT ''",
        [("public.users", "AccessExclusiveLock", "reading and writing")],
    ),
    "an index": ("CREATE INDEX ON orders (user_id)", [("public.orders", "ShareLock", "writing")]),
    "an index beside the writing": (
        "CREATE INDEX CONCURRENTLY ON orders (user_id)",
        [("public.orders", "ShareUpdateExclusiveLock", "nothing but changes of the schema")],
    ),
    "an index dropped beside the writing": (
        "CREATE INDEX i ON visits (page); DROP INDEX CONCURRENTLY i",
        [("public.visits", "ShareLock", "writing")],
    ),
    "rows, then the column": (
        "UPDATE users SET note = ''; ALTER TABLE users DROP note",
        [("public.users", "AccessExclusiveLock", "reading and writing")],
    ),
    "several tables": (
        "DELETE FROM visits; ALTER TABLE orders DROP price; DROP INDEX IF EXISTS none",
        [
            ("public.orders", "AccessExclusiveLock", "reading and writing"),
            ("public.visits", "RowExclusiveLock", "nothing but changes of the schema"),
        ],
    ),
    "a dropped table": (
        "DROP TABLE visits",
        [("public.visits", "AccessExclusiveLock", "reading and writing")],
    ),
    "a step that does not wait": ("LOCK TABLE visits IN EXCLUSIVE MODE NOWAIT; SELECT pg_sleep(0.3)", None),
}


ON_BOTH = ("several tables", "an index beside the writing")


@pytest.mark.parametrize(
    "step",
    [pytest.param(step, marks=pytest.mark.both_versions if step in ON_BOTH else ()) for step in LOCKS],
)
def test_locks_are_seen(server: Server, tmp_path: Path, step: str) -> None:
    down, expected = LOCKS[step]
    seen = rehearsed(story(server, tmp_path, "", down))
    assert seen.failed == ""
    if expected is not None:
        assert [(lock.table, lock.mode, lock.blocks) for lock in seen.locks] == expected
