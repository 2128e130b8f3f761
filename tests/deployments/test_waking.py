"""When the worker asks for runs: at an event, again while runs come, and whatever an earlier poll met."""

import asyncio
from collections.abc import Sequence

import pytest

from deployments import waking
from deployments.waking import poll_when_woken

PATIENCE_S = 10.0
AGAIN_S = 0.01


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "AGAIN_S", AGAIN_S)


async def polled(answers: Sequence[list[str] | Exception], times: int) -> int:
    """How often it asks after one event; waits until it has asked so often, and for what more there may come."""
    wake, asked, enough = asyncio.Event(), 0, asyncio.Event()

    async def poll() -> list[str]:
        nonlocal asked
        answer = answers[min(asked, len(answers) - 1)]
        asked += 1
        if asked == times:
            enough.set()
        if isinstance(answer, Exception):
            wake.set()
            raise answer
        return answer

    wake.set()
    task = asyncio.create_task(poll_when_woken(wake, poll))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await enough.wait()
        await asyncio.sleep(20 * AGAIN_S)
    finally:
        task.cancel()
    return asked


def test_while_runs_come_it_asks_again_without_an_event() -> None:
    assert asyncio.run(polled([["a run"], []], 3)) >= 3


def test_where_nothing_came_it_waits_for_an_event() -> None:
    assert asyncio.run(polled([[]], 1)) == 1


def test_after_a_poll_that_failed_the_next_event_is_heard() -> None:
    assert asyncio.run(polled([OSError("gone"), []], 2)) == 2
