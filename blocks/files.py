"""Files that other processes read, or write, at the same time."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE = 0o600
CHUNK = 64 * 1024
LOOK_AGAIN_S = 0.02


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of what the file held, in one rename: a reader sees the old bytes or the new ones.

    Both are on disk when this returns. Mode and owner stay; a file that is new is closed to others. A link stays a
    link: the file it leads to is replaced. Raises OSError, and leaves the old file as it was.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as half:
            _take_after(half.fileno(), target)
            half.write(data)
            half.flush()
            os.fsync(half.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _take_after(descriptor: int, old: Path) -> None:
    try:
        found = old.stat()
    except FileNotFoundError:
        return
    os.fchmod(descriptor, found.st_mode & 0o7777)
    # Who may write the folder but is not root cannot give the file away, and need not.
    with suppress(PermissionError):
        os.fchown(descriptor, found.st_uid, found.st_gid)


def sync_folder(folder: Path) -> None:
    """Return when the names in the folder are on disk as they are now. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock that this file stands for; it goes with the process, so nobody can leave it behind.

    Raises TimeoutError where another process holds it for longer than `timeout_s`, and OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        _wait_for_lock(descriptor, path, timeout_s)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, path: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is locked by another process for over {timeout_s:g} s") from None
            time.sleep(LOOK_AGAIN_S)
        else:
            return


def tail(path: Path, lines: int) -> list[str]:
    """The file's last lines, oldest first, read from its end; empty where there is no file. Raises OSError."""
    if lines <= 0:
        return []
    try:
        with path.open("rb") as file:
            data = _last_bytes(file.fileno(), lines)
    except FileNotFoundError:
        return []
    return data.decode(errors="replace").splitlines()[-lines:]


def _last_bytes(descriptor: int, lines: int) -> bytes:
    start, data = os.lseek(descriptor, 0, os.SEEK_END), b""
    # One more newline than lines wanted: the oldest line must be whole.
    while start > 0 and data.count(b"\n") <= lines:
        size = min(CHUNK, start)
        start -= size
        data = os.pread(descriptor, size, start) + data
    return data
