"""What processes cost while nothing happens."""

from __future__ import annotations

import time

import psutil

SETTLE_S = 15.0
LOOK_S = 30.0


def idle(pid: int) -> tuple[float, float]:
    """The process and all below it: cores used over half a minute, and memory in MB (each shared page counted once).

    Raises psutil.NoSuchProcess.
    """
    time.sleep(SETTLE_S)
    before, began = _seconds(pid), time.monotonic()
    time.sleep(LOOK_S)
    used = (_seconds(pid) - before) / (time.monotonic() - began)
    memory = sum(one.memory_full_info().pss for one in _family(pid))
    return round(used, 4), round(memory / 1e6, 1)


def _seconds(pid: int) -> float:
    times = [one.cpu_times() for one in _family(pid)]
    return float(sum(one.user + one.system + one.children_user + one.children_system for one in times))


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
