"""Locks of PostgreSQL: which is stronger, what waits for it, and what can be held beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from blocks.postgres.tables import Tables
from domain.database.rehearsal import Lock

MODES = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
"""From the weakest to the strongest (PostgreSQL manual, 13.3.1)."""

STRANGER = "EXCLUSIVE"
"""The mode in which a table is held that no step has locked yet: only reading passes."""

BESIDE = {
    "RowShareLock": "SHARE ROW EXCLUSIVE",
    "RowExclusiveLock": "ROW EXCLUSIVE",
    "ShareUpdateExclusiveLock": "ROW SHARE",
    "ShareLock": "ROW SHARE",
    "ShareRowExclusiveLock": "ROW SHARE",
    "ExclusiveLock": "ACCESS SHARE",
}
"""Lock of a step -> the mode that can be held beside it, and that the next stronger one waits for."""

BLOCKS = {
    "RowExclusiveLock": "nothing but changes of the schema",
    "ShareUpdateExclusiveLock": "nothing but changes of the schema",
    "ShareLock": "writing",
    "ShareRowExclusiveLock": "writing",
    "ExclusiveLock": "writing",
    "AccessExclusiveLock": "reading and writing",
}
"""What waits meanwhile. Weaker locks are not told: every query takes one."""


@dataclass
class LockWatch:
    """The strongest lock seen on each table so far, by oid."""

    tables: Tables
    strongest: dict[int, str] = field(default_factory=dict)
    free: set[int] = field(default_factory=set)

    def note(self, oid: int, mode: str) -> bool:
        """Whether this lock is stronger than what was seen of the table before."""
        seen = self.strongest.get(oid)
        stronger = oid in self.tables and (seen is None or MODES.index(mode) > MODES.index(seen))
        if stronger:
            self.strongest[oid] = mode
        return stronger

    def mode_to_hold(self, oid: int) -> str | None:
        """None: let it go."""
        seen = self.strongest.get(oid)
        if oid in self.free:
            return None
        return STRANGER if seen in (None, "AccessShareLock") else BESIDE.get(str(seen))

    def locks(self) -> list[Lock]:
        """What was seen, by table."""
        named = sorted((self.tables[oid].name, mode) for oid, mode in self.strongest.items())
        return [Lock(table=name, mode=mode, blocks=BLOCKS[mode]) for name, mode in named if mode in BLOCKS]
