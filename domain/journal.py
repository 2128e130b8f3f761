"""The journal: an HMAC chain an incident. A change, a gap or a cut end shows."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python

from domain.instant import Instant

START = "0" * 64


class Entry(BaseModel):
    """One line of the record.

    Attributes:
        seq: 1 for the incident's first entry, then one more each.
        kind: what happened, one of `domain.journal_kinds.Happened`.
        data: JSON values only; never a secret.
        previous: the mac of the entry before; 64 zeros for the first.
        mac: HMAC-SHA256 in hexadecimal over all the others.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    seq: int
    at: Instant
    kind: str
    data: dict[str, Any] = Field(default_factory=dict)
    previous: str = START
    mac: str = ""

    def sealed(self, key: bytes) -> Entry:
        """The same entry with its mac."""
        return self.model_copy(update={"mac": _mac(self, key)})


def _mac(entry: Entry, key: bytes) -> str:
    body = entry.model_dump(mode="json", exclude={"mac"})
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _plain(value: Any) -> Any:
    """The value as it comes back from JSON: NaN and infinity, which JSON does not know, as their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def following(last: Entry | None, incident: str, kind: str, data: dict[str, Any], key: bytes) -> Entry:
    """The sealed entry that comes after `last` (None: the incident's first)."""
    seq, previous = (last.seq + 1, last.mac) if last else (1, START)
    data = _plain(to_jsonable_python(data))
    now = datetime.now(UTC)
    plain = Entry(incident=incident, seq=seq, at=now, kind=kind, data=data, previous=previous)
    return plain.sealed(key)


def problems(entries: Iterable[Entry], key: bytes, head: str | None = None) -> list[str]:
    """What is wrong with a chain, each one line; empty where it can be believed.

    Args:
        entries: of one incident, in order of `seq`.
        head: the mac of the last entry as posted elsewhere; finds a cut end. None skips that check.
    """
    found, expected, previous = [], 1, START
    for entry in entries:
        if entry.seq != expected:
            found.append(f"entry {expected} is missing")
        elif entry.previous != previous:
            found.append(f"entry {entry.seq} does not follow entry {entry.seq - 1}")
        if not hmac.compare_digest(_mac(entry, key), entry.mac):
            found.append(f"entry {entry.seq} was changed")
        expected, previous = entry.seq + 1, entry.mac
    if head is not None and previous != head:
        found.append(
            f"the end is cut: the last posted head is {head[:12]}, the last entry's is {previous[:12]}"
        )
    return found
