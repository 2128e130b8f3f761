"""One changing act at a time on this host, also when the store is down: a lock the kernel ends with its process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from blocks.home import Home
from domain.names import block_name


@contextmanager
def host_lock(home: Home, application: str) -> Iterator[None]:
    """Wait for the application's turn on this host, and hold it for the block."""
    path = home.state / f"{block_name(application)}.turn"
    with path.open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
