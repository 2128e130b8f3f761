"""The server that holds the application's database, and who may do what on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from domain.errors import DatabaseUnreachable

LONGEST_NAME = 63
"""Bytes of an identifier (PostgreSQL manual, 4.1.1); longer ones are cut by the server without a word."""

APPLICATION_NAME = "backout"

WRITES = "-c default_transaction_read_only=off"
"""Of `options` in an address: its sessions write also where the database is read-only by default."""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Server:
    """One application's database, its server, and the role that may change its schema.

    Attributes:
        url: how the application connects.
        owner_url: the same database by the role that owns it; DDL and dumps run as this one.
    """

    url: SecretStr
    owner_url: SecretStr
    timeout_s: int = 5

    @property
    def database(self) -> str:
        """The name the application connects to."""
        found = conninfo_to_dict(self.url.get_secret_value())
        return str(found.get("dbname") or found.get("user") or "")

    def address(self, database: str | None = None) -> SecretStr:
        """The owner's conninfo for a database of this server; by default the application's."""
        return SecretStr(make_conninfo(self.owner_url.get_secret_value(), dbname=database or self.database))

    @property
    def place(self) -> str:
        """`host:port/database`, without a password: for people."""
        found = conninfo_to_dict(self.owner_url.get_secret_value())
        return f"{found.get('host') or 'localhost'}:{found.get('port') or 5432}/{self.database}"

    @contextmanager
    def connected(self, database: str | None = None, *, autocommit: bool = True) -> Iterator[Connection]:
        """A connection as the owner. Raises DatabaseUnreachable."""
        address = self.address(database).get_secret_value()
        try:
            connection = psycopg.connect(
                address,
                autocommit=True,
                connect_timeout=self.timeout_s,
                application_name=APPLICATION_NAME,
            )
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(
                what_it_is="database", address=self.place, why=_why(error, address)
            ) from None
        with connection:
            in_words(connection)
            connection.autocommit = autocommit
            yield connection

    def writing(self) -> Server:
        """The same, as one whose sessions write also where the database is read-only by default."""
        return replace(self, owner_url=_writing(self.owner_url))

    def seen_from(self, url: SecretStr) -> SecretStr:
        """Another address of the same database, as a tool elsewhere needs it: it writes where this one does."""
        options = conninfo_to_dict(self.owner_url.get_secret_value()).get("options") or ""
        return _writing(url) if WRITES in str(options) else url

    def version(self) -> int:
        """`server_version_num`, like 180001. Raises DatabaseUnreachable."""
        with self.connected() as connection:
            return connection.info.server_version

    def sibling(self, purpose: str, at: datetime | None = None) -> str:
        """Name for a database beside this one: `shop__restore_20261122t043000`, never longer than a name may be."""
        tail = f"__{purpose}_{at or datetime.now(UTC):%Y%m%dt%H%M%S}"
        head = self.database.encode()[: LONGEST_NAME - len(tail)].decode(errors="ignore")
        return f"{head}{tail}"


def in_words(connection: Connection) -> None:
    """Read text as text also where the database has no encoding (SQL_ASCII): psycopg gives bytes there.

    The server converts nothing then, whatever the client says.
    """
    if connection.info.encoding == "ascii":  # also again after RESET ALL
        connection.execute("SET client_encoding TO 'UTF8'")


def _why(error: psycopg.Error, address: str) -> str:
    """Libpq's reason in one line, without any word of the address that is a secret."""
    password = conninfo_to_dict(address).get("password")
    text = " ".join(str(error).split())
    return text.replace(str(password), "***") if password else text


def _writing(url: SecretStr) -> SecretStr:
    options = conninfo_to_dict(url.get_secret_value()).get("options") or ""
    return SecretStr(make_conninfo(url.get_secret_value(), options=f"{options} {WRITES}".strip()))
