"""Which starts are a storm, and what waits for the process in which they go ahead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from blocks.home import Home
from deployments import storms
from deployments.children import Child, Children
from deployments.going_ahead import Going
from deployments.storms import KNOWN, PROCESSES, STORM, Starts, Storms, start_of

ENOUGH_S = 30.0


def event(number: int, reaction: str = "start", detection: str | None = None) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "resource": {"backout.reaction": reaction},
        "payload": {
            "application": f"shop/p{number}",
            "runbook": "rollback",
            "issue": "service-outage",
            "detection": f"d{number}" if detection is None else detection,
            "samples": [{"name": "alert"}],
        },
    }


def told(starts: Starts, *numbers: int) -> bool:
    return starts.told([event(number) for number in numbers])


def due(starts: Starts) -> list[str]:
    with starts.going() as found:
        return [start.detection for start in found]


@pytest.fixture
def starts() -> Starts:
    made = Starts()
    made.heard_by(lambda: None)
    return made


def test_few_starts_are_no_storm(starts: Starts) -> None:
    assert not told(starts, *range(STORM - 1))
    assert starts.is_over()


def test_with_one_more_all_go_ahead_also_the_first_and_each_once(starts: Starts) -> None:
    assert not told(starts, 0)
    assert told(starts, *range(1, STORM))
    assert not starts.is_over()
    assert due(starts) == [f"d{number}" for number in range(STORM)]
    assert starts.is_over()
    assert told(starts, STORM)
    assert due(starts) == [f"d{STORM}"], "it belongs to the same storm"


def test_what_is_told_again_goes_ahead_once(starts: Starts) -> None:
    assert told(starts, *range(STORM))
    due(starts)
    assert not told(starts, *range(STORM)), "Prefect is told now"
    assert not starts.are_due()


def test_starts_one_after_the_other_are_no_storm(starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storms, "RECENT_S", 0.0)
    assert not told(starts, *range(STORM))


def test_where_no_worker_hears_of_it_prefect_is_told_at_once(starts: Starts) -> None:
    starts.heard_by(None)
    assert not told(starts, *range(STORM))
    assert starts.is_over()


def test_until_all_have_ended_it_is_not_over(starts: Starts) -> None:
    told(starts, *range(STORM))
    with starts.going():
        told(starts, STORM)
        with starts.going():
            assert not starts.are_due()
        assert not starts.is_over()
    assert starts.is_over()


def test_it_does_not_grow_for_ever(starts: Starts) -> None:
    told(starts, *range(KNOWN + 1))
    assert len(starts._known) == KNOWN


def test_what_asks_people_or_starts_nothing_does_not_go_ahead() -> None:
    assert start_of(event(1)) is not None
    assert start_of(event(1, reaction="ask")) is None
    assert start_of(event(1, reaction="note")) is None
    assert start_of(event(1, detection="")) is None
    assert start_of({"id": "e", "resource": {}}) is None


class Forking(Children):
    """Children that are let go by the test."""

    def __init__(self, home: Home) -> None:
        super().__init__(home, [])
        self.forked: list[tuple[Going, Child]] = []
        self.fails = False

    async def fork(self, run: str, *_settings: Any, **options: Any) -> Child:
        if self.fails:
            raise ConnectionError("the zygote died")
        child = Child(run, 1)
        self.forked.append((options["ahead"], child))
        return child


@pytest.fixture
def children(tmp_path: Path) -> Forking:
    return Forking(Home(tmp_path / "home").ensure())


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(ENOUGH_S):
        while not seen():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@asynccontextmanager
async def led(children: Forking) -> AsyncIterator[tuple[Starts, Storms]]:
    """Storms that are heard of."""
    starts = Starts()
    these = Storms(children, "backout", starts)
    leading = asyncio.create_task(these.lead())
    await until(lambda: starts._wake is not None)
    yield starts, these
    leading.cancel()


def test_runs_wait_until_the_process_has_ended(children: Forking) -> None:
    async def seen() -> None:
        async with led(children) as (starts, these):
            await these.over()
            told(starts, *range(STORM))
            await until(lambda: bool(children.forked))
            [(going, child)] = children.forked
            assert (going.pool, len(going.starts)) == ("backout", STORM)
            waits = asyncio.create_task(these.over(ENOUGH_S))
            assert not (await asyncio.wait([waits], timeout=0.1))[0]
            child.ended.set()
            await waits

    asyncio.run(seen())


def test_one_that_takes_long_keeps_no_run_waiting_for_ever(children: Forking) -> None:
    async def seen() -> None:
        async with led(children) as (starts, these):
            for storm in range(PROCESSES + 1):
                told(starts, *range(storm * STORM, (storm + 1) * STORM))
                await until(lambda storm=storm: len(children.forked) == min(storm + 1, PROCESSES))  # type: ignore[misc]
            await these.over(0.01)
            assert len(children.forked) == PROCESSES, "what comes on top begins in Prefect"

    asyncio.run(seen())


def test_where_nothing_can_be_forked_prefect_begins_the_runs(children: Forking) -> None:
    async def seen() -> None:
        async with led(children) as (starts, these):
            children.fails = True
            told(starts, *range(STORM))
            await until(starts.is_over)
            await these.over()
            children.fails = False
            told(starts, *range(STORM, 2 * STORM))
            await until(lambda: bool(children.forked))

    asyncio.run(seen())
