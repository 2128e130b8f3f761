"""Accounts, sessions and messages in PostgreSQL. A connection a request: a swapped database is found at the next one."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import Any

import psycopg

from .release import REPLY_COLUMN

CONNECT_S = 5


def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of one statement. Raises psycopg.Error."""
    with psycopg.connect(
        os.environ["DATABASE_URL"], autocommit=True, connect_timeout=CONNECT_S
    ) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def probe() -> None:
    """Raises psycopg.Error where the schema is not one that this release can work with."""
    ask(f"SELECT {REPLY_COLUMN} FROM messages LIMIT 0")  # noqa: S608 - a word of ours


def register(email: str, password: str) -> bool:
    """False where the address is taken."""
    salt = secrets.token_bytes(16)
    return bool(
        ask(
            "INSERT INTO accounts (email, salt, password) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING email",
            email, salt.hex(), _hashed(password, salt),
        )
    )  # fmt: skip


def log_in(email: str, password: str) -> str | None:
    """A new session's token; None where the password is wrong."""
    found = ask("SELECT salt, password FROM accounts WHERE email = %s", email)
    if not found or not hmac.compare_digest(_hashed(password, bytes.fromhex(found[0][0])), found[0][1]):
        return None
    token = secrets.token_urlsafe(24)
    ask("INSERT INTO sessions (token, email) VALUES (%s, %s)", token, email)
    return token


def log_out(token: str) -> bool:
    """False where there was no such session."""
    return bool(ask("DELETE FROM sessions WHERE token = %s RETURNING token", token))


def owner(token: str) -> str | None:
    """Whose session it is."""
    found = ask("SELECT email FROM sessions WHERE token = %s", token)
    return str(found[0][0]) if found else None


def keep(email: str, text: str, reply: str) -> None:
    """One message and its reply."""
    statement = f"INSERT INTO messages (email, text, {REPLY_COLUMN}) VALUES (%s, %s, %s)"  # noqa: S608
    ask(statement, email, text, reply)


def history(email: str) -> list[dict[str, str]]:
    """All messages of an account, oldest first."""
    found = ask(f"SELECT text, {REPLY_COLUMN} FROM messages WHERE email = %s ORDER BY id", email)  # noqa: S608
    return [{"text": text, "reply": reply} for text, reply in found]


def remove(email: str) -> None:
    """The account and all that is its own."""
    ask("DELETE FROM accounts WHERE email = %s", email)


def _hashed(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1).hex()
