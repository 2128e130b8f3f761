"""How a program is told the password: by a PGPASSFILE that only it can read, never by an argument."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from blocks.files import PRIVATE

HIDDEN = b"*"
"""Libpq's mark of an option whose value is not to be shown (`PQconninfoOption.dispchar`)."""


def open_part(address: SecretStr, **changed: str | int | None) -> str:
    """The conninfo without its secrets, fit for an argument list, with these options changed.

    Of the secrets only `password` reaches the program in another way; without the others it says what it misses.
    """
    whole = address.get_secret_value()
    secrets = {option.keyword.decode() for option in pq.Conninfo.get_defaults() if option.dispchar == HIDDEN}
    kept = {name: value for name, value in conninfo_to_dict(whole).items() if name not in secrets}
    wanted = {name: value for name, value in changed.items() if value is not None}
    return make_conninfo("", **{**kept, **wanted})


def password_of(address: SecretStr | None) -> str | None:
    """The address's password; None where it has none."""
    if address is None:
        return None
    found = conninfo_to_dict(address.get_secret_value()).get("password")
    return str(found) if found else None


def pgpass(password: str) -> bytes:
    """The line of a PGPASSFILE, for every server (PostgreSQL manual, 32.16)."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n".encode()


@contextmanager
def password_file(password: str) -> Iterator[int]:
    """Descriptor of a PGPASSFILE of mode 0600 that has no name: a killed process leaves nothing behind.

    A program that inherits it reads it at `path_of(descriptor)`.
    """
    descriptor = os.memfd_create("pgpass")
    try:
        os.fchmod(descriptor, PRIVATE)
        os.write(descriptor, pgpass(password))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def path_of(descriptor: int) -> str:
    """Where a process finds a file that it inherited."""
    return f"/proc/self/fd/{descriptor}"
