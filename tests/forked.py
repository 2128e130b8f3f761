"""Work in a process of its own, forked from the test's, so that it can be killed without the test."""

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable

KILLED = -9
"""How a process ended that `kill -9` ended."""


def exit_code(work: Callable[[], object]) -> int | None:
    """How a child ended that did it: 0, 1 after an error (its traceback is on standard error), minus the signal."""
    child = multiprocessing.get_context("fork").Process(target=_only, args=(work,))
    child.start()
    child.join()
    return child.exitcode


def _only(work: Callable[[], object]) -> None:
    """Nothing of the parent's is shut down at the end: its threads are not here, and Prefect's services fail without."""
    code = 1
    try:
        work()
        code = 0
    finally:
        if code:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
