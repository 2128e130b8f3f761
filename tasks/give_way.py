"""Give way: whoever has not switched yet gets the processor first."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from blocks.home import Home
from blocks.users_first import after_users, served
from tasks.run_log import in_flow

LEISURE = 10
"""Niceness of what can wait: reports, evidence, watching (setpriority(2))."""


def give_way() -> None:
    """Lower this run's priority; users of its application are served. Nothing outside of a Prefect run, whose process is its own."""
    served()
    if in_flow():
        now = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(now, LEISURE))


@contextmanager
def at_leisure(home: Home) -> Iterator[None]:
    """Do the block after the runs of this host whose users still wait, for a while at most; at once outside of a Prefect run."""
    if not in_flow():
        yield
        return
    with after_users(home):
        yield
