"""Whether this host's keys are those that the store's records were sealed with."""

import hashlib

from blocks.store.database import Connection
from domain.errors import ConfigurationError

SHOWN = 16
"""Hexadecimal digits: enough to tell keys apart, and no help in finding one."""


def fingerprint(key: bytes) -> str:
    """The start of the key's SHA-256."""
    return hashlib.sha256(key).hexdigest()[:SHOWN]


def check(connection: Connection, name: str, key: bytes) -> None:
    """Note the fingerprint of the first host's key; raise ConfigurationError for a host with another one."""
    ours = fingerprint(key)
    connection.execute(
        "INSERT INTO keys (name, fingerprint) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING", [name, ours]
    )
    row = connection.execute("SELECT fingerprint FROM keys WHERE name = %s", [name]).fetchone()
    if row is not None and row["fingerprint"] != ours:
        problem = (
            f"this host's {name} key ({ours}) is not the one the store was begun with ({row['fingerprint']}): "
            "set BACKOUT_KEY the same on each host, or bring that key's file back. Is it lost for good? Delete its row "
            "in backout.keys; what it sealed cannot be verified any more"
        )
        raise ConfigurationError("environment", "BACKOUT_KEY", problem)
