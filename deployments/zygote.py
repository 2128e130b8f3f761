"""A process that has imported everything and forks one child a run: `python -m deployments.zygote FD MODULE...`.

A fork of it costs some 10 ms where a fresh interpreter costs seconds. A fork is safe only while there is one
thread, so nothing here opens a client, a connection or an event loop; a child does, after the fork.

It speaks JSON lines on the socket FD. It is told `{"run", "entrypoint", "env", "log"}` and answers
`{"run", "pid"}`, later `{"run", "status"}` (a negative status is a signal), and once, at first, `{"ready": pid}`.
When the other end closes, it takes no more runs, waits for its children, and ends.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any

from blocks import adapter
from deployments.warm_child import Order, run_order


class Zygote:
    """The loop of the process. `serve()` returns in each child with its order, and with none in the zygote itself."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._unread = b""
        self._runs: dict[int, str] = {}
        self._wake_read, self._wake_write = os.pipe()
        self._listening = True

    def serve(self) -> Order | None:
        """Fork a child for each order, report those that ended, until there is nothing more to wait for."""
        self._watch_children()
        self._say({"ready": os.getpid()})
        with selectors.DefaultSelector() as selector:
            selector.register(self._parent, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while self._listening or self._runs:
                ready = {key.fd for key, _ in selector.select()}
                if self._wake_read in ready:
                    self._report_ended()
                if self._parent.fileno() in ready:
                    self._listen(selector)
                order = self._fork_next()
                if order is not None:
                    return order
        return None

    def _listen(self, selector: selectors.BaseSelector) -> None:
        received = self._parent.recv(65536)
        self._unread += received
        if not received:
            selector.unregister(self._parent)
            self._listening = False

    def _fork_next(self) -> Order | None:
        """Fork for each order that came in whole."""
        while b"\n" in self._unread:
            line, _, self._unread = self._unread.partition(b"\n")
            order = self._fork(json.loads(line))
            if order is not None:
                return order
        return None

    def _watch_children(self) -> None:
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _noted)
        # The worker decides when the runs end: a service manager that signals the whole group does not.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _fork(self, message: dict[str, Any]) -> Order | None:
        pid = os.fork()
        if pid == 0:
            self._leave()
            return Order.read(message)
        self._runs[pid] = message["run"]
        self._say({"run": message["run"], "pid": pid})
        return None

    def _leave(self) -> None:
        """In the child: give up all that belongs to the zygote."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._parent.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        os.setsid()

    def _report_ended(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        while self._runs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._say({"run": self._runs.pop(pid), "status": os.waitstatus_to_exitcode(status)})

    def _say(self, message: dict[str, Any]) -> None:
        # A worker that is gone hears nothing; the children end their runs without it.
        with contextlib.suppress(OSError):
            self._parent.sendall(json.dumps(message).encode() + b"\n")


def _noted(_signal: int, _frame: FrameType | None) -> None:
    """A handler must exist for the wake-up pipe to be written; the loop does the work."""


def import_all(modules: Sequence[str]) -> None:
    """Import the modules. One that fails is printed and left to its own runs, which then fail and say why."""
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:  # noqa: BLE001 - any code may run at import, and one bad flow must not stop the others
            traceback.print_exc()


def main() -> None:
    """Import, check that a fork is safe, and serve; in a child, execute the run."""
    parent = socket.socket(fileno=int(sys.argv[1]))
    import_all([*sys.argv[2:], *adapter.modules()])
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        sys.exit(
            f"a module of {sys.argv[2:]} starts threads when it is imported, so no fork is safe: {names}"
        )
    gc.freeze()
    order = Zygote(parent).serve()
    if order is not None:
        run_order(order)


if __name__ == "__main__":
    main()
