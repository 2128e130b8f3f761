"""A process that is killed, as by `kill -9`, after any of its round trips to PostgreSQL."""

import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from blocks.postgres import child
from tests.forked import KILLED, exit_code


class Fuse:
    """Counts round trips and programs started, and kills the process at one of them."""

    def __init__(self, deadly: int) -> None:
        self.left = deadly

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _run(act: Callable[[], object], deadly: int) -> None:
    fuse = Fuse(deadly)
    wait, start = psycopg.Connection.wait, child._start

    def waited(*args: Any, **kwargs: Any) -> Any:
        answer = wait(*args, **kwargs)
        fuse.burn()
        return answer

    def started(*args: Any, **kwargs: Any) -> Any:
        program = start(*args, **kwargs)
        fuse.burn()
        return program

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "wait", waited)
        patch.setattr(child, "_start", started)
        act()
    # The test process's threads are not here: nothing of what it does at its end may run.
    os._exit(0)


def killed(act: Callable[[], object], deadly: int) -> bool:
    """Do it in a process of its own, killed after the round trip of this number; False where it ended before."""
    how = exit_code(lambda: _run(act, deadly))
    assert how in {0, KILLED}, how
    return how != 0
