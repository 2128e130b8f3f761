"""Which instances are restarted, also by a run that goes on after a kill."""

from blocks.restartable import DOWN, due

FIRST = {"api": "10", "worker": "11", "old": "12"}


def test_each_is_restarted_once() -> None:
    assert due(FIRST, FIRST) == ["api", "worker", "old"]
    assert due(FIRST, {"api": "20", "worker": "11"}) == ["worker"]
    assert due(FIRST, {"api": "20", "worker": "21"}) == []


def test_what_is_down_is_started_and_what_is_new_is_left_alone() -> None:
    assert due(FIRST, {"api": DOWN, "worker": "21", "new": "30"}) == ["api"]
    assert due({}, {"api": DOWN, "worker": "11"}) == ["api"]
