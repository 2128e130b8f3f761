"""How far an incident came, by its journal."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.journal import Entry, following
from domain.journal_kinds import Happened
from tasks.progress import Progress, attempted, before_this_switch, progress
from tests.blocks.ledger_child import KEY

STARTED = (Happened.ACT_STARTED, {"act": "switch"})
CONFLICT = (Happened.ACT_FAILED, {"act": "switch", "error": "", "type": "Conflict"})
TIMEOUT = (Happened.ACT_FAILED, {"act": "switch", "error": "", "type": "CommandFailed"})
OURS = (Happened.SWITCHED, {"receipt": {"changed": True, "at": datetime.now(UTC).isoformat()}})
THEIRS = (Happened.SWITCHED, {"receipt": {"changed": False}})
BAD = (Happened.VERIFIED, {"ok": False})


def journal(*rows: tuple[Happened, dict[str, Any]]) -> list[Entry]:
    entries: list[Entry] = []
    for kind, data in rows:
        entries.append(following(entries[-1] if entries else None, "one", kind, data, KEY))
    return entries


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], False),
        ([STARTED], True),
        ([STARTED, TIMEOUT], True),
        ([STARTED, CONFLICT], False),
        ([STARTED, CONFLICT, STARTED], True),
        ([(Happened.ACT_STARTED, {"act": "prepare"})], False),
    ],
)
def test_a_switch_that_began_may_have_moved_traffic(rows: list[Any], *, expected: bool) -> None:
    assert attempted(journal(*rows)) is expected


def test_the_switch_that_is_under_way_is_no_earlier_one() -> None:
    assert not attempted(before_this_switch(journal(STARTED)))
    assert attempted(before_this_switch(journal(STARTED, STARTED)))
    assert not attempted(before_this_switch(journal(STARTED, CONFLICT, STARTED)))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([OURS], Progress.MOVED),
        ([OURS, BAD], Progress.FAILED),
        ([THEIRS], Progress.FOREIGN),
        ([THEIRS, BAD], Progress.FOREIGN),
        ([THEIRS, OURS, BAD], Progress.FAILED),
    ],
)
def test_what_somebody_else_moved_is_not_ours(rows: list[Any], expected: Progress) -> None:
    assert progress(journal(*rows)) is expected
