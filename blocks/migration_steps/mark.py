"""The mark of a step that runs outside a transaction: in the comment of the record's table, so that the table keeps its form.

It goes with the database into a dump or a clone, and stays when we are killed.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import sql

from blocks.migration_steps.record import Record
from blocks.postgres.server import Connection
from domain.database.migration import Step

COMMENT = "SELECT obj_description(to_regclass(%s), 'pg_class')"


@dataclass(frozen=True)
class Mark:
    """Where a step is, or broke off.

    Attributes:
        statement: the statement that began last; the first is 1.
        of: how many there are.
        head: the beginning of that statement.
        script: digest of the script.
        failed: why it broke off; empty where it runs, or was killed.
    """

    version: str
    direction: str
    statement: int
    of: int
    head: str
    script: str
    failed: str = ""

    def is_of(self, step: Step) -> bool:
        """Whether this step set it."""
        return (self.version, self.direction) == (step.version, step.direction)

    @property
    def story(self) -> str:
        """What happened, in one line."""
        why = self.failed or "it was killed, or the server was"
        return (
            f"its {self.direction} step runs outside a transaction and broke off in statement {self.statement}"
            f" of {self.of} ({self.head}): {why}"
        )


def read_mark(connection: Connection, record: Record) -> Mark | None:
    """The mark; None where there is none."""
    found = _comment(connection, record)
    return Mark(**found["mark"]) if "mark" in found else None


def write_mark(connection: Connection, record: Record, mark: Mark) -> None:
    """Set it, or replace it; the comment that was there is kept inside."""
    before = _comment(connection, record).get("comment")
    _write(connection, record, json.dumps({"backout": {"mark": asdict(mark), "comment": before}}))


def clear_mark(connection: Connection, record: Record) -> None:
    """Take it off; the table has its own comment again."""
    found = _comment(connection, record)
    if "mark" in found:
        _write(connection, record, found.get("comment"))


def how_to_clear(record: Record) -> str:
    """The statement with which a person clears it."""
    return f"COMMENT ON TABLE {record.name} IS NULL"


def _comment(connection: Connection, record: Record) -> dict[str, Any]:
    row = connection.execute(COMMENT, [record.identifier.as_string(connection)]).fetchone()
    text: str | None = row[0] if row else None
    try:
        found = json.loads(text or "null")
    except ValueError:
        found = None
    ours = found.get("backout") if isinstance(found, dict) else None
    return ours if isinstance(ours, dict) and "mark" in ours else {"comment": text}


def _write(connection: Connection, record: Record, comment: object) -> None:
    statement = sql.SQL("COMMENT ON TABLE {} IS {}").format(record.identifier, sql.Literal(comment))
    connection.execute(statement)
