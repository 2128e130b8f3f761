"""One changing act at a time on this host, also when the store is down: a lock the kernel ends with its process."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from blocks.files import locked
from blocks.home import Home
from domain.errors import Busy
from domain.names import block_name

TURN_S = 30.0


@contextmanager
def host_lock(home: Home, application: str, timeout_s: float = TURN_S) -> Iterator[None]:
    """Wait for the application's turn on this host, and hold it for the block. Raises Busy, with the holder's pid."""
    path = home.state / f"{block_name(application)}.turn"
    with ExitStack() as turn:
        try:
            turn.enter_context(locked(path, timeout_s))
        except TimeoutError:
            raise Busy(application, _noted(path), timeout_s, str(path)) from None
        # In place: a renamed file would be another lock.
        path.write_text(str(os.getpid()), encoding="ascii")
        yield


def _noted(path: Path) -> str:
    noted = path.read_text(encoding="ascii", errors="replace").strip()
    return noted if noted.isdigit() else ""
