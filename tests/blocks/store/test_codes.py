"""One-time codes in the store: hashed, single use, one person's, and few guesses."""

from datetime import UTC, datetime, timedelta

import pytest

from blocks.store import Store, codes
from blocks.store.codes import MOST_WRONG, Asked
from tests.blocks.ledger_contract import begun

KEY = b"k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
END = NOON + timedelta(seconds=300)


@pytest.fixture
def asked(store: Store) -> Asked:
    return Asked(begun(store)[0].incident.id, "digest")


def give(store: Store, asked: Asked, person: str = "bob") -> str:
    return codes.give(store.database, asked, person, END, KEY)


def redeem(
    store: Store, asked: Asked, code: str, used_for: str = "form-1", at: datetime = NOON
) -> str | None:
    return codes.redeem(store.database, asked, code, used_for, at, KEY)


def test_a_code_says_whose_it_is_once(store: Store, asked: Asked) -> None:
    code = give(store, asked)
    assert redeem(store, asked, code) == "bob"
    assert redeem(store, asked, code) == "bob", "the same form, read again after a crash"
    assert redeem(store, asked, code, "form-2") is None


def test_case_blanks_and_look_alikes_do_not_matter(store: Store, asked: Asked) -> None:
    code = give(store, asked)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert redeem(store, asked, typed) == "bob"


def test_the_store_holds_no_code(store: Store, asked: Asked) -> None:
    code = give(store, asked)
    with store.database.transaction() as connection:
        row = connection.execute("SELECT * FROM codes").fetchone()
    assert row is not None
    assert code.replace("-", "") not in str(row)
    assert code.replace("-", "").encode() not in bytes(row["hash"])


def test_a_code_is_for_one_plan_of_one_incident_and_one_installation(store: Store, asked: Asked) -> None:
    code = give(store, asked)
    assert redeem(store, Asked(asked.incident, "another plan"), code) is None
    assert codes.redeem(store.database, asked, code, "form-1", NOON, b"x" * 32) is None
    assert redeem(store, asked, code) == "bob"


def test_a_late_code_is_none(store: Store, asked: Asked) -> None:
    assert redeem(store, asked, give(store, asked), at=END + timedelta(seconds=1)) is None


def test_a_new_code_takes_the_place_of_the_persons_earlier_one(store: Store, asked: Asked) -> None:
    first, others, second = give(store, asked), give(store, asked, "carol"), give(store, asked)
    assert redeem(store, asked, first) is None
    assert redeem(store, asked, second) == "bob"
    assert redeem(store, asked, others, "form-2") == "carol"


def test_after_some_wrong_guesses_a_code_is_dead_and_a_new_one_is_not(store: Store, asked: Asked) -> None:
    code = give(store, asked)
    for _ in range(MOST_WRONG):
        assert redeem(store, asked, "0000-0000") is None
    assert redeem(store, asked, code) is None
    assert redeem(store, asked, give(store, asked)) == "bob"
