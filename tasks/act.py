"""The one place where an act is done: the lock is checked, the journal written, errors that can pass are tried again.

Inside a Prefect flow an act is a task of its own, with Prefect's retries; elsewhere (`--break-glass`) the same function with
a plain loop. Prefect is never imported here unless it already was.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from enum import Enum, auto
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from blocks.host_lock import host_lock
from domain.errors import BackoutError, Unforeseen
from domain.journal_kinds import Happened
from tasks.case import Case
from tasks.ended import Ended, Interrupted
from tasks.run_log import in_flow

P = ParamSpec("P")
R = TypeVar("R")
Act = Callable[Concatenate[Case, P], R]

RETRY_S = [0.2, 1.0, 3.0]
"""Seconds before each further try of an act that failed with a retryable error."""


class Turn(Enum):
    """How long an act keeps others of its application from acting on this host."""

    NONE = auto()
    AT_FIRST = auto()
    WHOLE = auto()


def act(name: str, *, changes: bool = False, lasting: bool = False) -> Callable[[Act[P, R]], Act[P, R]]:
    """Make a function of a case one act of the runbook.

    Args:
        name: the verb people read in Prefect's UI, the terminal and the report.
        changes: whether it changes the application; then the lock is checked right before it, and no other act of
            this host runs beside it.
        lasting: what it changes has a lock of its own and may take long: it waits for its turn on this host, and lets
            others act once it has begun.
    """
    turn = (Turn.AT_FIRST if lasting else Turn.WHOLE) if changes else Turn.NONE

    def decorate(function: Act[P, R]) -> Act[P, R]:
        @wraps(function)
        def perform(case: Case, /, *args: P.args, **kwargs: P.kwargs) -> R:
            def once() -> R:
                return _done_once(case, name, turn, lambda: function(case, *args, **kwargs))

            return _as_task(name, once) if in_flow() else _with_retries(once)

        return perform

    return decorate


def _done_once(case: Case, name: str, turn: Turn, do: Callable[[], R]) -> R:
    if case.stopping.is_set():
        raise Interrupted(name)
    with ExitStack() as held:
        if turn is not Turn.NONE:
            held.enter_context(host_lock(case.installation.home, case.document.name))
            case.ledger.check(case.hold)
        case.note(Happened.ACT_STARTED, act=name)
        if turn is Turn.AT_FIRST:
            held.close()
        started = time.monotonic()
        try:
            result = do()
        except BackoutError as error:
            case.note(Happened.ACT_FAILED, act=name, error=str(error), type=type(error).__name__)
            raise
        except Ended:
            case.note(Happened.ACT_DONE, act=name, seconds=round(time.monotonic() - started, 4))
            raise
        except Exception as error:
            found = Unforeseen.of(error)
            case.note(Happened.ACT_FAILED, act=name, error=str(found), type=found.error)
            raise found from error
        case.note(Happened.ACT_DONE, act=name, seconds=round(time.monotonic() - started, 4))
        return result


def _with_retries(once: Callable[[], R]) -> R:
    for pause in RETRY_S:
        try:
            return once()
        except BackoutError as error:
            if not error.retryable:
                raise
            time.sleep(pause)
    return once()


def _as_task(name: str, once: Callable[[], R]) -> R:
    from prefect import task
    from prefect.cache_policies import NO_CACHE

    def retryable(_task: Any, _run: Any, state: Any) -> bool:
        error = state.result(raise_on_failure=False)
        return isinstance(error, BackoutError) and error.retryable

    step = task(
        name=name,
        task_run_name=name,
        retries=len(RETRY_S),
        retry_delay_seconds=RETRY_S,
        retry_condition_fn=retryable,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    result = step(_caught(once))()
    if isinstance(result, Ended):
        raise result
    return result


def _caught(once: Callable[[], R]) -> Callable[[], R | Ended]:
    """An end is a decision, not a failure: the task that came to it completes."""

    def step() -> R | Ended:
        try:
            return once()
        except Ended as end:
            return end

    return step
