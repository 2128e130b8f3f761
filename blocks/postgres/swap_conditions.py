"""What must hold before two databases change names: looked at while everything is still open."""

from typing import LiteralString

from blocks.migration_steps.lock import KEY
from blocks.postgres import marks
from blocks.postgres.maintenance import exists
from blocks.postgres.server import LONGEST_NAME, Connection
from domain.errors import MigrationRunning, SwapRefused

RIGHTS: LiteralString = """
    SELECT current_user, r.rolsuper OR r.rolcreatedb, r.rolsuper OR coalesce((
        SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = %s), true)
    FROM pg_roles r WHERE r.rolname = current_user
"""

# What is bound to a database itself goes with it under its new name, and the application would go on without it; a
# prepared transaction keeps it from being renamed at all.
BOUND: LiteralString = """
    SELECT format('prepared transaction %%s of %%s is open in %%s: COMMIT PREPARED or ROLLBACK PREPARED it', gid,
        owner, database)
    FROM pg_prepared_xacts WHERE database = ANY(%(names)s)
    UNION ALL
    SELECT format('replication slot %%s reads %%s, and would go on reading the one that is swapped out: drop it first',
        slot_name, database)
    FROM pg_replication_slots WHERE database = ANY(%(names)s)
    UNION ALL
    SELECT format('subscription %%s writes into %%s, and would go on writing into the one that is swapped out: drop'
        ' it first', s.subname, d.datname)
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = ANY(%(names)s)
"""


# The lock of `blocks.migration_steps`: to end that session would leave half a migration.
MIGRATING: LiteralString = """
    SELECT format('%%s of %%s, process %%s of the server', s.application_name, s.usename, s.pid)
    FROM pg_locks l JOIN pg_stat_activity s USING (pid) JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND d.datname = %s
        AND (l.classid::bigint << 32) | l.objid::bigint = %s
"""


def refuse(connection: Connection, database: str, new: str) -> None:
    """Raise SwapRefused with all that keeps `new` from taking `database`'s name, MigrationRunning where one is."""
    migrating = connection.execute(MIGRATING, [database, KEY]).fetchone()
    if migrating is not None:
        raise MigrationRunning(database=database, holder=migrating[0])
    why = [
        *_names(connection, database, new),
        *_rights(connection, database),
        *_bound(connection, [database, new]),
    ]
    if why:
        raise SwapRefused(database=database, why=why)


def _names(connection: Connection, database: str, new: str) -> list[str]:
    if len(database.encode()) > LONGEST_NAME:
        return [
            f"its name is longer than the {LONGEST_NAME} bytes that PostgreSQL keeps; shorten it in backout.yaml"
        ]
    if new == database:
        return ["it cannot be swapped with itself"]
    if not exists(connection, new):
        return [f"there is no database {new}"]
    mark = marks.read(connection, new)
    if mark.of != database or mark.state not in {"ready", "kept"}:
        return [f"{new} is neither a finished restore of it, nor kept by an earlier swap"]
    return []


def _rights(connection: Connection, database: str) -> list[str]:
    role, creates, owns = connection.execute(RIGHTS, [database]).fetchone() or ("", False, False)
    lacks = [] if creates else [f"role {role} may not rename databases: ALTER ROLE {role} CREATEDB"]
    return lacks if owns else [*lacks, f"role {role} does not own it"]


def _bound(connection: Connection, names: list[str]) -> list[str]:
    return [said for (said,) in connection.execute(BOUND, {"names": names}).fetchall()]
