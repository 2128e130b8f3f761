"""What Backout notes on a database, in its comment: it lives where the database lives, and moves with its name."""

from datetime import datetime
from typing import Any, Literal

from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from blocks.postgres.server import Connection

Stop = Literal["connection_limit", "read_only", "no_connections"]
"""How a database is kept from being written: nobody but superusers connects, who connects can only read, or nobody
connects at all."""

State = Literal["", "restoring", "ready", "kept", "in use"]

COMMENTS = """
    SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
    WHERE %(name)s::text IS NULL OR datname = %(name)s::text
"""


class Mark(BaseModel):
    """One database's note.

    Attributes:
        state: `restoring` is unfinished and may be dropped; `ready` may be swapped in; `kept` was swapped out; `in use`
            was swapped in where there was no database to keep.
        of: the application's database that it belongs to.
        backup: what it was restored from.
        replaced_by: the name that the database had which came in its place.
        at: since when it is in this state, by our clock.
        was: what each stop found, to be put back: the limit, the setting (None: not set), the permission.
        comment: the comment that people gave the database.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: State = ""
    of: str = ""
    backup: str = ""
    replaced_by: str = ""
    at: datetime | None = None
    was: dict[Stop, int | str | None] = Field(default_factory=dict)
    comment: str | None = None

    def with_was(self, how: Stop, was: int | str | None) -> "Mark":
        """The same, with what a stop found; a stop that is repeated found what the first one found."""
        return self.model_copy(update={"was": {how: was, **self.was}})

    def without(self, how: Stop) -> "Mark":
        """The same, with one stop less."""
        return self.model_copy(update={"was": {key: was for key, was in self.was.items() if key != how}})


class _Comment(BaseModel):
    """How a mark stands in a comment: under our name, so that nobody takes it for theirs."""

    model_config = ConfigDict(extra="forbid")

    backout: Mark


def read(connection: Connection, database: str) -> Mark:
    """A database's mark; where there is none, one that holds its comment."""
    return _marks(connection, database).get(database, Mark())


def ours(connection: Connection, database: str) -> dict[str, Mark]:
    """Name -> mark, of the databases that belong to `database`, newest first."""
    found = [(name, mark) for name, mark in _marks(connection, None).items() if mark.of == database]
    return dict(sorted(found, key=_age, reverse=True))


def write(connection: Connection, database: str, mark: Mark) -> None:
    """Note it; where there is nothing to note, the comment is people's own again."""
    noted = mark.state or mark.was
    text = _Comment(backout=mark).model_dump_json(exclude_defaults=True) if noted else mark.comment
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(text))
    )


def _marks(connection: Connection, database: str | None) -> dict[str, Mark]:
    rows: list[tuple[Any, ...]] = connection.execute(COMMENTS, {"name": database}).fetchall()
    return {name: _mark(comment) for name, comment in rows}


def _mark(comment: str | None) -> Mark:
    if comment is None:
        return Mark()
    try:
        return _Comment.model_validate_json(comment).backout
    except ValidationError:
        return Mark(comment=comment)


def _age(entry: tuple[str, Mark]) -> tuple[float, str]:
    name, mark = entry
    return (mark.at.timestamp() if mark.at else 0.0, name)
