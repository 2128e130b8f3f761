"""One-time codes: who came by a way that proves who they are takes one, and types it into Prefect's form.

A code is one person's, for one plan of one incident, once, until the request ends. What is kept is an HMAC of it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from blocks.store.database import Connection, Database

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O, U, so that nothing is misread."""

LENGTH = 8
MOST_WRONG = 5
"""Wrong codes after which none that was given out before counts any more: 5 in 2^40."""

READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": ""})


@dataclass(frozen=True)
class Asked:
    """What a code answers: `incident`, and the digest of the one `plan` that people were asked about."""

    incident: str
    plan: str


def give(database: Database, asked: Asked, person: str, until: datetime, key: bytes) -> str:
    """A new code, `4F2A-91CK`; the person's earlier ones for this request count no more. `key` is not in the store."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    with database.transaction() as connection:
        connection.execute(
            "DELETE FROM codes WHERE incident = %s AND plan = %s AND person = %s AND used_for IS NULL",
            [asked.incident, asked.plan, person],
        )
        connection.execute(
            "INSERT INTO codes (incident, plan, person, hash, until) VALUES (%s, %s, %s, %s, %s)",
            [asked.incident, asked.plan, person, _hash(code, asked, key), until],
        )
    return f"{code[:4]}-{code[4:]}"


def redeem(
    database: Database, asked: Asked, code: str, used_for: str, at: datetime, key: bytes
) -> str | None:
    """The person whose code it is, and it is used up; None where it is wrong, used or too late, which is counted.

    Args:
        database: the store's.
        asked: the request that it is typed for.
        code: as it was typed; case, blanks and hyphens do not matter.
        used_for: what it is typed into; the same again gives the same answer.
        at: when it was typed.
        key: the installation's key for approvals.
    """
    typed = _hash(code.upper().translate(READ_AS), asked, key)
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT * FROM codes WHERE incident = %s AND plan = %s ORDER BY id FOR UPDATE",
            [asked.incident, asked.plan],
        ).fetchall()
        # All are compared, each in constant time: how long it takes says nothing.
        fitting = [row for row in rows if hmac.compare_digest(bytes(row["hash"]), typed)]
        good = [row for row in fitting if row["used_for"] in (None, used_for) and row["until"] >= at]
        if not good or good[0]["wrong"] >= MOST_WRONG:
            _count_wrong(connection, asked)
            return None
        connection.execute("UPDATE codes SET used_for = %s WHERE id = %s", [used_for, good[0]["id"]])
        person: str = good[0]["person"]
        return person


def _count_wrong(connection: Connection, asked: Asked) -> None:
    connection.execute(
        "UPDATE codes SET wrong = wrong + 1 WHERE incident = %s AND plan = %s AND used_for IS NULL",
        [asked.incident, asked.plan],
    )


def _hash(code: str, asked: Asked, key: bytes) -> bytes:
    words = f"one-time code\0{asked.incident}\0{asked.plan}\0{code}"
    return hmac.new(key, words.encode(errors="replace"), hashlib.sha256).digest()
