"""Notes in PostgreSQL, each call on a connection of its own: a database that was away is found again at once."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

CONNECT_S = 3


class Notes:
    """The table `notes`. `title`: the column that holds a note's title in this release's schema."""

    def __init__(self, url: str, title: str) -> None:
        self._url = url
        self._title = sql.Identifier(title)

    def answers(self) -> None:
        """Raises psycopg.Error where the database does not answer, or its schema is not this release's."""
        self._run("SELECT {title} FROM notes LIMIT 0")

    def newest(self) -> list[dict[str, Any]]:
        """The newest notes, newest first."""
        return self._run("SELECT id, {title} AS title, department, year FROM notes ORDER BY id DESC LIMIT 50")

    def get(self, note: int) -> dict[str, Any] | None:
        """One note, or None."""
        found = self._run("SELECT id, {title} AS title, department, year FROM notes WHERE id = %s", note)
        return found[0] if found else None

    def add(self, title: str, department: str, year: int) -> int:
        """Keep a note; its id."""
        insert: LiteralString = (
            "INSERT INTO notes ({title}, department, year) VALUES (%s, %s, %s) RETURNING id"
        )
        return int(self._run(insert, title, department, year)[0]["id"])

    def remove(self, note: int) -> bool:
        """Remove a note; whether there was one."""
        return bool(self._run("DELETE FROM notes WHERE id = %s RETURNING id", note))

    def departments(self) -> dict[str, int]:
        """Department -> number of its notes."""
        rows = self._run(
            "SELECT department, count(*) AS count FROM notes GROUP BY department ORDER BY department"
        )
        return {row["department"]: row["count"] for row in rows}

    def _run(self, query: LiteralString, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self._url, connect_timeout=CONNECT_S, row_factory=dict_row) as connection:
            cursor = connection.execute(sql.SQL(query).format(title=self._title), values)
            return cursor.fetchall() if cursor.description else []
