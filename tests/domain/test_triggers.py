from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.findings import Finding, Verdict
from domain.triggers import AGAIN, Consecutive

VERDICTS = {"o": Verdict.OK, "b": Verdict.BAD, "?": Verdict.NO_DATA}


def findings(signs: str) -> list[Finding]:
    return [
        Finding(name="health", on="router", verdict=VERDICTS[sign], said=f"{number}")
        for number, sign in enumerate(signs)
    ]


def fired(signs: Iterable[Finding], failures: int = 3) -> list[list[str]]:
    window, found = Consecutive(failures=failures).window(), []
    for finding in signs:
        if rows := window.add(finding):
            found.append([row.said for row in rows])
            window.fired(finding.at)
    return found


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("bb", []),
        ("bbb", [["0", "1", "2"]]),
        ("bbobb", []),
        ("bbobbb", [["3", "4", "5"]]),
        ("b?b?b", [["0", "2", "4"]]),
        ("????????", []),
        ("bbbbbbb", [["0", "1", "2"]]),
        ("bbb???bb", [["0", "1", "2"]]),
        ("bbbobbb", [["0", "1", "2"], ["4", "5", "6"]]),
    ],
)
def test_three_in_a_row_fire_once_a_row(signs: str, expected: list[list[str]]) -> None:
    assert fired(findings(signs)) == expected


def test_one_failure_can_be_enough() -> None:
    assert fired(findings("ob"), failures=1) == [["1"]]


@given(st.text(alphabet="ob?", max_size=40), st.integers(min_value=1, max_value=5))
def test_it_fires_once_for_each_row_that_is_long_enough(signs: str, failures: int) -> None:
    rows = [row for row in signs.replace("?", "").split("o") if len(row) >= failures]
    assert len(fired(findings(signs), failures)) == len(rows)


def test_none_in_a_row_is_no_rule() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Consecutive(failures=0)


def test_what_was_not_confirmed_is_offered_again() -> None:
    window = Consecutive().window()
    offered = [bool(window.add(finding)) for finding in findings("bbbbb")]
    assert offered == [False, False, True, True, True]
    window.fired()
    assert not window.add(findings("b")[0])


def test_what_was_mended_ends_the_silence_but_not_the_row() -> None:
    window = Consecutive(failures=1).window()
    [bad] = findings("b")
    window.fired(bad.at)
    assert not window.add(bad)
    window.end_silence()
    assert window.add(bad)
    assert window.has_fired


def test_a_row_that_goes_on_fires_again_after_a_while() -> None:
    window = Consecutive(failures=1).window()
    [bad] = findings("b")
    assert window.add(bad)
    window.fired(bad.at)
    late = [bad.model_copy(update={"at": bad.at + AGAIN + timedelta(seconds=s)}) for s in (-1, 0)]
    assert [bool(window.add(finding)) for finding in late] == [False, True]
    assert window.has_fired
