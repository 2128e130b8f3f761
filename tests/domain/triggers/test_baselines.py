from hypothesis import given
from hypothesis import strategies as st

from domain.triggers import Baseline, Baselines
from domain.triggers.baselines import KEPT, MEMORY


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50))
def test_a_baseline_is_the_mean_of_its_windows(values: list[float]) -> None:
    made = Baselines()
    for value in values:
        made.note("m", "1", value)
    held = made.before("m", "2")
    assert held is not None
    assert abs(held.value - sum(values) / len(values)) < 1e-3
    assert held.windows == len(values)


def test_what_was_long_ago_fades() -> None:
    made = Baselines([Baseline(measure="m", release="1", value=1.0, windows=MEMORY)])
    made.note("m", "1", 1.0 + MEMORY)
    held = made.before("m", "2")
    assert held is not None
    assert held.windows == MEMORY
    assert held.value == 2.0


def test_the_release_before_is_the_one_that_was_measured_last() -> None:
    made = Baselines()
    for release in ("1", "2", "1", "3"):
        made.note("m", release, float(release))
    before = made.before("m", "3")
    assert before is not None
    assert before.release == "1"
    assert made.before("other", "3") is None


def test_only_so_many_releases_are_kept_and_changes_are_told_once() -> None:
    made = Baselines()
    for release in range(KEPT + 2):
        made.note("m", str(release), 1.0)
    assert len(made.take_changed()) == KEPT + 2
    assert made.take_changed() == []
    made.learns = False
    made.note("m", "x", 1.0)
    assert made.take_changed() == []
