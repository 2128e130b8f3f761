"""A look at a PostgreSQL: a read-only transaction that ends in time, and why there is none in a few words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, SecretStr

TOO_MANY = "too many connections"
NO_LOGIN = "authentication failed"
NO_ROLE = "role not accepted"
NO_ACCESS = "access not allowed"
OF_OURS = (NO_LOGIN, NO_ROLE, NO_ACCESS)
"""It answers, and does not let us in: that says something of our credentials, and nothing of anybody else's."""

# libpq's own text is not shown: it can quote the address, and with it a password that was written wrongly.
WHY: tuple[tuple[str, str], ...] = (
    ("refused", "refused"),
    ("no such file", "refused"),
    ("timeout", "timeout"),
    ("pg_hba.conf", NO_ACCESS),
    ("permission denied for database", NO_ACCESS),
    ('role "', NO_ROLE),
    ("no password supplied", NO_LOGIN),
    ("authentication", NO_LOGIN),
    ("too many", TOO_MANY),
    ("remaining connection slots", TOO_MANY),
    ("does not exist", "database does not exist"),
    ("resolve", "unknown host"),
    ("translate host name", "unknown host"),
    ("starting up", "starting up"),
    ("shutting down", "shutting down"),
    ("ssl", "tls failed"),
    ("closed the connection", "closed"),
)


def _address(url: SecretStr) -> SecretStr:
    try:
        conninfo_to_dict(url.get_secret_value())
    except psycopg.Error:
        raise ValueError(
            "is not a PostgreSQL address, like postgresql://user:password@host/database"
        ) from None
    return url


Address = Annotated[SecretStr, AfterValidator(_address)]
"""A URL or conninfo that libpq understands."""


@contextmanager
def reading(url: SecretStr, timeout_s: float) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection whose one transaction can write nothing. Raises psycopg.Error; `symptom` says what it means.

    Args:
        url: where it is, and as whom.
        timeout_s: seconds to connect, and then for each statement.
    """
    # Without a word on the encoding, psycopg gives bytes for text where the database is SQL_ASCII.
    with psycopg.connect(
        url.get_secret_value(),
        connect_timeout=int(timeout_s),
        application_name="backout",
        client_encoding="UTF8",
    ) as connection:
        connection.read_only = True
        with _cut_off(connection, timeout_s):
            limit = sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(int(timeout_s * 1000)))
            connection.execute(limit)
            yield connection


def symptom(error: psycopg.Error) -> str:
    """Why it does not answer, in a few comparable words that hold nothing of the address."""
    if isinstance(error, psycopg.errors.ConnectionTimeout | psycopg.errors.QueryCanceled):
        return "timeout"
    text = str(error).lower()
    return next((words for part, words in WHY if part in text), type(error).__name__)


@contextmanager
def _cut_off(connection: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Close the connection's socket when the time is over: a frozen server keeps no statement timeout."""

    def shut() -> None:
        with socket.socket(fileno=socket.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds + 1, shut)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()
