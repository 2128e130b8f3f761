"""Secrets made on this host: the journal's and the approvals' key."""

import os
import secrets

from blocks.home import Home

LENGTH = 32
VARIABLE = "BACKOUT_KEY"


def key(home: Home, name: str) -> bytes:
    """The key of this name, made at its first use with mode 0600.

    `BACKOUT_KEY` (hexadecimal, the same on each) replaces the files where runs execute on several hosts.
    """
    shared = os.environ.get(VARIABLE)
    if shared:
        return bytes.fromhex(shared) + name.encode()
    path = home.keys / f"{name}.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(LENGTH))
    return bytes.fromhex(path.read_text(encoding="ascii"))
