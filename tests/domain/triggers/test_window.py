from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.findings import Finding
from domain.triggers import Level, Trigger, Window, window_of
from domain.triggers.window import AGAIN, HELD
from tests.domain.triggers.samples import findings, measured, trigger

NONE: dict[str, float] = {}
AGAIN_S = AGAIN[Level.ROLL_BACK].total_seconds()
HELD_S = HELD.total_seconds()


def window(failures: int = 3) -> Window:
    return window_of(Trigger(failures=failures), NONE)


def fired(signs: Iterable[Finding], failures: int = 3) -> list[list[str]]:
    made, found = window(failures), []
    for now, finding in enumerate(signs):
        if rows := made.add(finding, now):
            found.append([row.said for row in rows])
            made.fired(now)
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


def test_what_was_not_confirmed_is_offered_again() -> None:
    made = window()
    offered = [bool(made.add(finding, now)) for now, finding in enumerate(findings("bbbbb"))]
    assert offered == [False, False, True, True, True]
    made.fired(5)
    assert not made.add(findings("b")[0], 6)


def test_what_was_mended_ends_the_silence_but_not_the_row() -> None:
    made = window(failures=1)
    [bad] = findings("b")
    made.fired(0)
    assert not made.add(bad, 1)
    made.end_silence()
    assert made.add(bad, 2)
    assert made.has_fired


def test_a_row_that_goes_on_fires_again_after_a_while() -> None:
    made = window(failures=1)
    [bad] = findings("b")
    assert made.add(bad, 0)
    made.fired(0)
    assert [bool(made.add(bad, now)) for now in (AGAIN_S - 1, AGAIN_S)] == [False, True]
    assert made.has_fired


def test_what_was_held_back_is_offered_again_sooner_while_it_goes_on() -> None:
    made = window(failures=1)
    bad, good = findings("bo")
    made.held_back(0)
    assert [bool(made.add(bad, now)) for now in (HELD_S - 1, HELD_S)] == [False, True]
    made.fired(HELD_S)
    assert not made.add(bad, 2 * HELD_S)
    made.held_back(3 * HELD_S)
    assert not made.add(good, 3 * HELD_S + 1)
    assert made.add(bad, 3 * HELD_S + 2), "it is another firing"


@pytest.mark.parametrize("level", [Level.WARNING, Level.CRITICAL])
def test_people_are_told_again_less_often_than_a_run_is_started(level: Level) -> None:
    made = window_of(Trigger(failures=1, level=level), NONE)
    [bad] = findings("b")
    made.fired(0)
    assert not made.add(bad, AGAIN_S)
    assert made.add(bad, AGAIN[level].total_seconds())


BOTH = [{"signal": "errors", "above": 5, "for_s": 0}, {"failures": 2}]


@pytest.mark.parametrize(
    ("together", "expected"),
    [("any", ["low", "bad 1", "high"]), ("all", ["high"])],
)
def test_rules_are_joined(together: str, expected: list[str]) -> None:
    made = window_of(
        trigger(name="both", signal="health", **{together: BOTH}), {"errors": 5.0, "health": 5.0}
    )
    steps = {
        "ok": measured(1),
        "low": measured(6),
        "low again": measured(1),
        "bad 0": findings("b")[0],
        "bad 1": findings("b")[0],
        "high": measured(9),
    }
    offered = []
    for now, (name, finding) in enumerate(steps.items()):
        if made.add(finding, now):
            offered.append(name)
    assert offered == expected


def test_all_shows_the_samples_of_each_and_says_both() -> None:
    made = window_of(trigger(name="both", signal="health", all=BOTH), {"errors": 5.0, "health": 5.0})
    bad = findings("bb")
    for now, finding in enumerate([*bad, measured(9, said="nine")]):
        offered = made.add(finding, now)
    assert [row.said for row in offered] == ["0", "1", "nine"]
    assert "2 bad samples in a row" in made.said()
    assert "every sample of errors above 5 for 0 s: 9 %" in made.said()


def test_what_is_no_longer_measured_keeps_nothing_else_from_being_judged_alone() -> None:
    made = window_of(trigger(name="both", signal="health", all=BOTH), {"errors": 5.0, "health": 5.0})
    made.add(measured(9), 0)
    made.add(findings("b")[0], 1)
    assert made.add(findings("b")[0], 15)
    assert not made.add(findings("b")[0], 16)
