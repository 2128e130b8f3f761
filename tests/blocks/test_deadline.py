"""A time limit for what has none of its own."""

from threading import Event

import pytest

from blocks.deadline import begun, within


def test_what_comes_in_time_is_returned() -> None:
    assert within(10, lambda: 7, "seven") == 7


def test_what_is_raised_in_time_is_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        within(10, fail, "fail")


def test_what_is_late_is_left_behind() -> None:
    release = Event()
    with pytest.raises(TimeoutError):
        within(0.05, lambda: release.wait(20), "late")
    release.set()


def test_several_run_at_once() -> None:
    said = Event()
    waits, says = begun(lambda: said.wait(20), "waits"), begun(said.set, "says")
    assert (waits.result(20), says.result(20)) == (True, None)
