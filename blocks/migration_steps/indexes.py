"""What CREATE and DROP INDEX CONCURRENTLY leave behind when they break off."""

import re

from psycopg import sql

from blocks.migration_steps.statements import Statement
from blocks.postgres.server import Connection

CREATES = re.compile(
    r"CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>[\w.\"$]+)\s+ON\s",
    re.IGNORECASE,
)
DROPS = re.compile(
    r"DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?P<name>[\w.\"$]+)\s*(?:CASCADE|RESTRICT)?",
    re.IGNORECASE,
)
INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
STATE = """
SELECT namespace.nspname, class.relname, indisvalid FROM pg_index
JOIN pg_class class ON class.oid = indexrelid JOIN pg_namespace namespace ON namespace.oid = relnamespace
WHERE indexrelid = to_regclass(%s)
"""


def invalid_indexes(connection: Connection) -> set[str]:
    """Indexes that cost and do not serve."""
    return {name for (name,) in connection.execute(INVALID)}


def can_be_done_again(statement: Statement) -> bool:
    """Whether what it did before it was interrupted can be told from the catalog: one index, by its name."""
    return bool(CREATES.match(statement.text) or DROPS.fullmatch(statement.text))


def finished_already(connection: Connection, statement: Statement) -> bool:
    """Whether an interrupted statement had come to its end. The half-made index of one that had not is dropped."""
    creates = CREATES.match(statement.text)
    match = creates or DROPS.fullmatch(statement.text)
    found = connection.execute(STATE, [match["name"]]).fetchone() if match else None
    if not match:
        return False
    if not creates:
        return found is None
    if found is None or found[2]:
        return found is not None
    connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(found[0], found[1])))
    return False
