from pathlib import Path

import pytest

from blocks import heads
from blocks.home import Home
from domain.journal import Entry, following

KEY = b"k" * 32


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def journal(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(length):
        entries.append(following(entries[-1] if entries else None, "one", "note", {"n": number}, KEY))
    return entries


def test_a_journal_that_only_grew_is_whole(home: Home) -> None:
    entries = journal(5)
    heads.keep(home, entries[:3])
    heads.keep(home, entries)
    assert heads.missing(home, {"one": entries}.__getitem__) == {}


@pytest.mark.parametrize(
    ("now", "said"),
    [(journal(2), "entry 3, seen on this host, is gone"), ([], "entry 3, seen on this host, is gone")],
)
def test_a_cut_or_deleted_journal_is_found(home: Home, now: list[Entry], said: str) -> None:
    heads.keep(home, journal(3))
    assert heads.missing(home, lambda _incident: now) == {"one": [said]}


def test_a_rewritten_journal_is_found(home: Home) -> None:
    heads.keep(home, journal(3))
    assert "another one now" in heads.missing(home, lambda _incident: journal(3))["one"][0]


def test_nothing_seen_is_nothing_missing(home: Home) -> None:
    heads.keep(home, [])
    assert heads.missing(home, lambda _incident: []) == {}
