"""Measured rules: covered time, gaps, and a clock that never jumps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.triggers import Baselines, Trigger, window_of
from domain.triggers.rule import STEPS
from tests.domain.triggers.samples import EVERY_S, Timed, each, learnt, measured, moments, trigger

TWO_MINUTES = trigger(above=5, for_s=120, unit="%")
LONGEST_STEP_S = STEPS * EVERY_S
SLOWER = trigger(signal="latency", rise=50, of="mean", for_s=10, by=0.1, unit="s")
GOOD, BAD = 1.0, 9.0


def test_more_than_five_percent_for_two_minutes() -> None:
    assert moments(TWO_MINUTES, each([GOOD] * 3 + [BAD] * 24)) == []
    assert moments(TWO_MINUTES, each([GOOD] * 3 + [BAD] * 25)) == [15 + 120]


def test_one_good_sample_begins_the_window_anew() -> None:
    values = [BAD] * 24 + [GOOD] + [BAD] * 24
    assert moments(TWO_MINUTES, each(values)) == []
    assert moments(TWO_MINUTES, each([*values, BAD])) == [125 + 120]


def test_the_limit_itself_is_good() -> None:
    assert moments(TWO_MINUTES, each([5.0] * 60)) == []


def test_missing_samples_break_no_window_and_count_as_nothing() -> None:
    values = [BAD, None, None, BAD] * 30
    [first, *_] = moments(TWO_MINUTES, each(values))
    assert first >= 120
    assert moments(TWO_MINUTES, each([None] * 100)) == []


def test_a_gap_counts_as_three_pauses_at_most() -> None:
    before, after = each([BAD] * 13), each([BAD] * 20, start=60 + 100)
    assert moments(TWO_MINUTES, [*before, *after]) == [160 + (120 - 60 - LONGEST_STEP_S)]


def test_a_gap_longer_than_the_window_empties_it() -> None:
    before, after = each([BAD] * 24), each([BAD] * 25, start=115 + 121)
    assert moments(TWO_MINUTES, [*before, *after]) == [236 + 120]


def test_a_pause_longer_than_the_rule_does_not_keep_it_from_firing() -> None:
    short = trigger(above=5, for_s=1)
    assert moments(short, each([BAD, BAD])) == [5]


def test_another_unit_counts_as_missing() -> None:
    window = window_of(trigger(above=5, for_s=0, unit="%"), {"errors": 5.0})
    assert not window.add(measured(9000, unit="ms"), 0)
    assert window.add(measured(9), 1)


@pytest.mark.parametrize(
    ("of", "values", "fires"),
    [
        ("every", [9, 9, 5], False),
        ("mean", [9, 9, 1], True),
        ("mean", [9, 4, 1], False),
        ("median", [9, 9, 0], True),
        ("median", [9, 0, 0], False),
        ("p95", [0, 0, 9], True),
        ("p95", [0, 0, 0], False),
    ],
)
def test_what_of_the_samples_is_compared(of: str, values: list[float], fires: bool) -> None:
    assert bool(moments(trigger(above=5, of=of, for_s=10), each(values))) is fires


def test_below_is_the_other_way_round() -> None:
    hits = trigger(below=80, for_s=10)
    assert moments(hits, each([79, 50, 79])) == [10]
    assert moments(hits, each([79, 50, 80])) == []


@pytest.mark.parametrize(
    ("rule", "lowest", "highest", "fires"),
    [
        ({"below": 80}, 79.0, 95.0, True),
        ({"below": 80}, 81.0, 95.0, False),
        ({"above": 90}, 79.0, 95.0, True),
        ({"above": 90}, 79.0, 89.0, False),
        ({"below": 80, "of": "mean"}, 79.0, 95.0, True),
    ],
)
@pytest.mark.parametrize("worst", ["lowest", "highest"])
def test_of_several_things_the_nearest_to_the_limit_counts_whichever_the_signal_names(
    rule: dict[str, object], lowest: float, highest: float, fires: bool, worst: str
) -> None:
    named = lowest if worst == "lowest" else highest
    sample = measured(named).model_copy(update={"lowest": lowest, "highest": highest})
    made = window_of(trigger(**rule, for_s=0), {"errors": EVERY_S})
    assert bool(made.add(sample, 0)) is fires


def test_a_value_that_wavers_about_its_limit_fires_once_a_window() -> None:
    mean = trigger(above=5, of="mean", for_s=60)
    fired = moments(mean, each([BAD] * 13 + [GOOD, BAD * 2] * 200))
    assert all(later - earlier >= 60 for earlier, later in pairwise(fired))


@pytest.mark.parametrize("of", ["every", "mean", "p95"])
def test_what_serves_now_is_not_condemned_by_what_served_before(of: str) -> None:
    window = window_of(trigger(above=5, of=of, for_s=60), {"errors": EVERY_S})
    served = [(100.0, "2.0")] * 12 + [(GOOD, "3.0")] * 12 + [(100.0, "3.0")] * 13
    offered = [
        bool(window.add(measured(value), number * EVERY_S, release))
        for number, (value, release) in enumerate(served)
    ]
    assert not any(offered[:24])
    assert offered[-1]


# ------------------------------------------------------------------ the release before


def test_half_as_much_again_as_with_the_release_before() -> None:
    window = window_of(SLOWER, {"latency": EVERY_S}, Baselines())
    took = [("1.0", 1.0)] * 10 + [("2.0", 1.4)] * 5 + [("3.0", 2.2)] * 3
    offered = [
        (release, bool(window.add(measured(value, name="latency", unit="s"), now * EVERY_S, release)))
        for now, (release, value) in enumerate(took)
    ]
    assert [release for release, fired in offered if fired] == ["3.0"]
    assert window.said().endswith(
        "mean of latency 50 % above the release before for 10 s: 2.2 s over 3 samples, 1.4 with 2.0"
    )


@pytest.mark.parametrize(
    ("before", "value", "fires"),
    [([], 9.0, False), ([("2.0", 1.0)], 9.0, False), ([("1.0", 1.0)], 1.5, False), ([("1.0", 1.0)], 1.6, True),
     ([("1.0", 0.1)], 0.19, False), ([("1.0", 1.0), ("1.1", 9.0)], 9.1, False)],
)  # fmt: skip
def test_it_is_held_against_the_newest_other_release(
    before: list[tuple[str, float]], value: float, fires: bool
) -> None:
    window = window_of(SLOWER, {"latency": EVERY_S}, learnt(before))
    offered = [
        window.add(measured(value, name="latency", unit="s"), now * EVERY_S, "2.0") for now in range(3)
    ]
    assert bool(offered[-1]) is fires


def test_nothing_is_compared_while_the_release_is_not_known() -> None:
    slower = Trigger(signal="latency", rise=50, for_s=0, issue="x")
    window = window_of(slower, {"latency": EVERY_S}, learnt([("1.0", 1.0)]))
    assert not window.add(measured(99, name="latency"), 0)


# ------------------------------------------------------------------ properties

values = st.one_of(st.none(), st.sampled_from([GOOD, BAD]))
pauses = st.floats(min_value=0, max_value=500, allow_nan=False)
runs = st.lists(st.tuples(pauses, values), max_size=80)


def timed(run: list[tuple[float, float | None]]) -> list[Timed]:
    now, found = 0.0, []
    for pause, value in run:
        now += pause
        found.append((now, value))
    return found


def longest_bad_s(samples: list[Timed], for_s: float) -> float:
    """By the words of the rule: the most seconds that bad samples in a row cover."""
    most = covered = 0.0
    last: float | None = None
    for now, value in samples:
        if value is None:
            continue
        gap = now - last if last is not None else None
        if value == GOOD or gap is None or gap > max(for_s, LONGEST_STEP_S):
            covered, last = 0.0, (now if value == BAD else None)
            continue
        covered, last = covered + min(gap, LONGEST_STEP_S), now
        most = max(most, covered)
    return most


@given(runs, st.sampled_from([10.0, 60.0, 120.0]))
def test_it_fires_where_bad_samples_cover_the_time_and_only_there(
    run: list[tuple[float, float | None]], for_s: float
) -> None:
    samples = timed(run)
    fires = bool(moments(trigger(above=5, for_s=for_s), samples))
    most = longest_bad_s(samples, for_s)
    assert fires or most < for_s + 1e-6
    assert not fires or most > for_s - 1e-6


@given(runs, st.integers(min_value=0, max_value=80))
def test_a_sample_without_data_changes_nothing(run: list[tuple[float, float | None]], at: int) -> None:
    samples = timed(run)
    now = samples[min(at, len(samples) - 1)][0] if samples else 0.0
    more = sorted([*samples, (now, None)], key=lambda sample: sample[0])
    assert moments(TWO_MINUTES, more) == moments(TWO_MINUTES, samples)


@given(runs, st.floats(min_value=-1e9, max_value=1e9), st.integers(min_value=0, max_value=80))
def test_findings_own_times_are_only_shown_so_that_a_clock_that_jumps_neither_fires_nor_loses(
    run: list[tuple[float, float | None]], jump: float, at: int
) -> None:
    from datetime import timedelta

    samples = timed(run)
    still, jumping = (window_of(TWO_MINUTES, {"errors": EVERY_S}) for _ in range(2))
    for number, (now, value) in enumerate(samples):
        finding = measured(value)
        moved = finding.at + timedelta(seconds=jump if number >= at else 0)
        told = jumping.add(finding.model_copy(update={"at": moved}), now)
        assert bool(told) == bool(still.add(finding, now))


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=1, max_size=60))
def test_no_more_samples_are_kept_than_the_window_needs(found: list[float]) -> None:
    window = window_of(trigger(above=-1, for_s=30), {"errors": EVERY_S})
    for now, value in each(found):
        offered = window.add(measured(value), now)
    assert len(offered) in (0, 7)
    assert bool(offered) is (len(found) >= 7)
