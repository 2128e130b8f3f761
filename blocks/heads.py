"""The journals' heads as this host saw them: who can write to the store cannot reach them.

A journal that was cut, rewritten with another key, or deleted as a whole no longer holds the entry that is noted here.
"""

from collections.abc import Callable, Iterable

from pydantic import BaseModel, ConfigDict

from blocks import json_lines
from blocks.files import locked
from blocks.home import Home
from domain.journal import Entry

HEADS = "heads.jsonl"
TURN_S = 10.0


class Head(BaseModel):
    """The last entry of a journal at some moment."""

    model_config = ConfigDict(frozen=True)

    incident: str
    seq: int
    mac: str


def keep(home: Home, entries: Iterable[Entry]) -> None:
    """Note the last of an incident's entries on this host. Raises OSError, TimeoutError."""
    last = next(reversed(list(entries)), None)
    if last is not None:
        with locked(home.state / "heads", timeout_s=TURN_S):
            json_lines.add(home.state / HEADS, Head(incident=last.incident, seq=last.seq, mac=last.mac))


def missing(home: Home, entries_of: Callable[[str], list[Entry]]) -> dict[str, list[str]]:
    """Incident -> what this host saw of its journal that is no longer there; only those where something is."""
    found: dict[str, list[str]] = {}
    for head in json_lines.read(home.state / HEADS, Head):
        now = {entry.seq: entry.mac for entry in entries_of(head.incident)}
        if now.get(head.seq) != head.mac:
            said = (
                f"entry {head.seq}, seen on this host, is {'another one now' if head.seq in now else 'gone'}"
            )
            found.setdefault(head.incident, []).append(said)
    return found
