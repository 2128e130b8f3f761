"""Which of Prefect's runs a flow's code works for, also where its acts go ahead of Prefect."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from prefect import runtime

from blocks.store import ahead


@dataclass(frozen=True)
class ThisRun:
    """One flow run.

    Attributes:
        id: under which its incident is begun, and gone on with.
        due: when it was to start; None where Prefect does not say.
        detection: what it was started for, where an alert or a trigger did it.
    """

    id: str
    due: datetime | None = None
    detection: str | None = None


_ahead: ContextVar[ThisRun | None] = ContextVar("ahead", default=None)


def this_run() -> ThisRun:
    """The run whose code this is."""
    own = runtime.flow_run
    return _ahead.get() or ThisRun(
        str(own.id), own.scheduled_start_time, own.parameters.get("detection") or None
    )


def goes_ahead() -> bool:
    """Whether Prefect has not begun the run yet: it is not asked, and nobody can be asked through it."""
    return _ahead.get() is not None


@contextmanager
def ahead_of(detection: str) -> Iterator[None]:
    """In the block, a flow's own function does the acts of a run that Prefect has not made yet, of what was detected."""
    token = _ahead.set(ThisRun(ahead.run_of(detection), detection=detection))
    try:
        yield
    finally:
        _ahead.reset(token)
