from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.journal import Entry, following, problems

KEY = b"k" * 32
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DATA = st.dictionaries(st.text(max_size=8), JSON, max_size=3)


def chain(length: int, incident: str = "one") -> list[Entry]:
    entries: list[Entry] = []
    for number in range(length):
        last = entries[-1] if entries else None
        entries.append(following(last, incident, "act done", {"act": f"act {number}"}, KEY))
    return entries


@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_whole_chain_is_believed(length: int) -> None:
    entries = chain(length)
    assert problems(entries, KEY) == []
    assert not entries or problems(entries, KEY, head=entries[-1].mac) == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "act failed"},
        {"data": {"act": "another"}},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"incident": "two"},
        {"previous": "1" * 64},
        {"mac": "1" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_entry_shows(change: dict[str, object]) -> None:
    entries = chain(5)
    entries[2] = entries[2].model_copy(update=change)
    assert "entry 3 was changed" in problems(entries, KEY)


def test_an_entry_sealed_anew_breaks_the_one_behind_it() -> None:
    entries = chain(5)
    entries[2] = entries[2].model_copy(update={"data": {}}).sealed(KEY)
    assert problems(entries, KEY) == ["entry 4 does not follow entry 3"]


def test_a_gap_shows() -> None:
    entries = chain(5)
    assert problems([*entries[:2], *entries[3:]], KEY) == ["entry 3 is missing"]


def test_a_missing_start_shows() -> None:
    assert problems(chain(5)[1:], KEY) == ["entry 1 is missing"]


def test_swapped_entries_show() -> None:
    first, second, third, fourth = chain(4)
    assert problems([first, third, second, fourth], KEY)


def test_a_cut_end_shows_by_the_head_posted_elsewhere() -> None:
    entries = chain(5)
    assert problems(entries[:4], KEY) == []
    assert "the end is cut" in problems(entries[:4], KEY, head=entries[-1].mac)[0]
    assert "the end is cut" in problems([], KEY, head=entries[-1].mac)[0]


def test_another_key_believes_nothing() -> None:
    assert problems(chain(2), b"x" * 32) == ["entry 1 was changed", "entry 2 was changed"]


def test_entries_of_two_incidents_do_not_mix() -> None:
    assert problems([*chain(2), *chain(3, "two")[2:]], KEY) == ["entry 3 does not follow entry 2"]


def test_the_time_zone_of_a_store_changes_nothing() -> None:
    entry = chain(1)[0]
    elsewhere = entry.at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert problems([Entry(**(entry.model_dump() | {"at": elsewhere}))], KEY) == []


@given(st.lists(DATA, min_size=1, max_size=5), st.data())
def test_what_is_read_back_is_believed_and_what_is_dropped_shows(
    rows: list[dict[str, object]], data: st.DataObject
) -> None:
    entries: list[Entry] = []
    for row in rows:
        entries.append(following(entries[-1] if entries else None, "one", "told", row, KEY))
    head = entries[-1].mac
    back = [Entry.model_validate_json(entry.model_dump_json()) for entry in entries]
    assert problems(back, KEY, head) == []
    dropped = data.draw(st.integers(0, len(back) - 1))
    assert problems(back[:dropped] + back[dropped + 1 :], KEY, head)
