"""Secrets made on this host: the journal's and the approvals' key."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from blocks.home import Home
from domain.errors import ConfigurationError

LENGTH = 32
VARIABLE = "BACKOUT_KEY"


def key(home: Home, name: str) -> bytes:
    """The key of this name, made at its first use with mode 0600.

    `BACKOUT_KEY` (64 hexadecimal digits, the same on each) replaces the files where runs execute on several hosts.

    Raises:
        ConfigurationError: the file or the variable holds no key. A short one would seal nothing.
    """
    shared = os.environ.get(VARIABLE)
    if shared:
        return _decoded(shared, "environment", VARIABLE) + name.encode()
    path = home.keys / f"{name}.key"
    return _decoded(_kept(path, lambda: secrets.token_hex(LENGTH)), str(path), "key")


def api_token(home: Home) -> str:
    """The token of the deployment API that `backout serve` offers, made at its first use with mode 0600.

    Raises:
        ConfigurationError: the file holds a short one, which would guard nothing.
    """
    path = api_token_file(home)
    found = _kept(path, lambda: secrets.token_urlsafe(LENGTH)).strip()
    if len(found) < LENGTH:
        raise ConfigurationError(
            str(path), "token", f"has fewer than {LENGTH} letters: delete the file for a new one"
        )
    return found


def api_token_file(home: Home) -> Path:
    """Where the API's token is kept."""
    return home.keys / "api-token"


def _decoded(text: str, source: str, where: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != LENGTH:
        raise ConfigurationError(source, where, f"is not {2 * LENGTH} hexadecimal digits")
    return found


def _kept(file: Path, make: Callable[[], str]) -> str:
    """The secret in the file, made the first time: whole on disk before it gets its name, so nobody reads half of it."""
    if not file.exists():
        fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        try:
            _write(fresh, make())
            os.link(fresh, file)
        except FileExistsError:
            pass  # another process was first: its secret counts
        finally:
            fresh.unlink(missing_ok=True)
    return file.read_text(encoding="ascii", errors="replace")


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
