"""How long a run waits for its store: each outage has its own five minutes, however long the run is."""

import logging
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from domain.errors import StoreUnavailable
from flows import runbook

AWAY = StoreUnavailable("the store", "/run/postgres", "refused")
FAILS_S = 3.0


class Clock:
    """Time goes on while something is done, or slept."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(runbook, "time", made)
    monkeypatch.setattr(runbook, "get_run_logger", lambda: logging.getLogger("a test"))
    return made


def a_run(clock: Clock, *attempts: float) -> Callable[[], str]:
    """Each attempt works for so many seconds, and then the store is away; the last one ends well."""
    left = list(attempts)

    def act() -> str:
        if not left:
            return "done"
        clock.now += left.pop(0)
        raise AWAY

    return act


def outage(seconds: float) -> list[float]:
    """Attempts that fail at once, for so long."""
    return [FAILS_S] * int(seconds // (FAILS_S + runbook.STORE_PAUSE_S))


@pytest.mark.parametrize("works_s", [runbook.STORE_STEADY_S + 1, 600.0, 7200.0])
def test_a_second_outage_is_waited_out_like_the_first(clock: Clock, works_s: float) -> None:
    attempts = [works_s, *outage(240), works_s, *outage(240), works_s, *outage(240)]
    assert runbook.persistently(a_run(clock, *attempts)) == "done"


def test_one_outage_has_five_minutes_from_when_the_store_went_away(clock: Clock) -> None:
    with pytest.raises(StoreUnavailable):
        runbook.persistently(a_run(clock, 600.0, *outage(10_000)))
    waited = clock.now - 1600.0
    assert runbook.STORE_PATIENCE_S < waited <= runbook.STORE_PATIENCE_S + FAILS_S + runbook.STORE_PAUSE_S


def test_other_errors_are_not_waited_for(clock: Clock) -> None:
    seen = SimpleNamespace(times=0)

    def act() -> None:
        seen.times += 1
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the act's own
        runbook.persistently(act)
    assert (seen.times, clock.now) == (1, 1000.0)
