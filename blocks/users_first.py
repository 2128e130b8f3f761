"""Users first: on one host, what can wait waits while other runs still act before their switch.

A run whose users still wait keeps a locked file of its own; the kernel ends the lock with its process, whatever ended
that. It is a precaution: where it cannot be kept, or takes too long, nobody waits.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from blocks.home import Home

OLD_S = 30.0
"""A run that still acts then works on something long, like a dump: nobody waits for it."""

PATIENCE_S = 30.0
"""How long what can wait does so, all in all."""

PAUSE_S = 0.2

TURN = "afterwards.turn"
HURRY = "hurry"

HURRY_S = 5.0
"""How long a call to hurry is heard."""


@dataclass
class Waiting:
    """The word that users of one application still wait, until `end()`."""

    path: Path
    file: IO[bytes]

    @classmethod
    def of(cls, home: Home) -> "Waiting":
        """Say it. Raises OSError."""
        folder = _folder(home)
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        unseen = path.with_name(f".{path.name}")
        file = unseen.open("xb")
        try:
            # Seen only once it is locked: an unlocked one is what a killed run left behind.
            fcntl.flock(file, fcntl.LOCK_EX)
            unseen.rename(path)
        except OSError:
            unseen.unlink(missing_ok=True)
            file.close()
            raise
        return cls(path, file)

    def end(self) -> None:
        """They are served."""
        with suppress(OSError):
            self.path.unlink()
        self.file.close()


_of_this_run: list[Waiting] = []
"""At most one: a process executes one run."""


def begin(home: Home) -> None:
    """From now on this process's run acts for users that wait."""
    if not _of_this_run:
        with suppress(OSError):
            _of_this_run.append(Waiting.of(home))


def served() -> None:
    """Users of this process's run wait no more, or it waits for others itself."""
    while _of_this_run:
        _of_this_run.pop().end()


@contextmanager
def users_wait(home: Home) -> Iterator[None]:
    """Users wait as long as the block lasts: for a run that is being started."""
    said: list[Waiting] = []
    with suppress(OSError):
        said.append(Waiting.of(home))
    try:
        yield
    finally:
        for waiting in said:
            waiting.end()


@contextmanager
def after_users(home: Home, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Wait until no run of this host acts for users, and for a turn among those that waited; the turn lasts as long as the block.

    After `patience_s` seconds the block begins all the same.
    """
    served()
    with ExitStack() as turn:
        with suppress(OSError):
            file = turn.enter_context((home.state / TURN).open("ab"))
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline and not _may_begin(home, file):
                time.sleep(PAUSE_S)
        yield


def hurry(home: Home) -> None:
    """More runs are due than there are places: who only waits gives its own free, by going on."""
    with suppress(OSError):
        (home.state / HURRY).touch()


def _may_begin(home: Home, turn: IO[bytes]) -> bool:
    return _is_hurried(home) or (_nobody_waits(home) and _taken(turn))


def _is_hurried(home: Home) -> bool:
    return _is_young(home.state / HURRY, HURRY_S)


def _is_young(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime <= seconds
    except OSError:
        return False


def _nobody_waits(home: Home) -> bool:
    return not any(_is_kept(path) for path in _folder(home).glob("[!.]*"))


def _is_kept(path: Path) -> bool:
    """Whether its run lives, and is young; what a killed one left behind is removed."""
    if not _is_young(path, OLD_S):
        return False
    with suppress(OSError), path.open("rb") as file:
        if not _taken(file):
            return True
        path.unlink()
    return False


def _taken(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _folder(home: Home) -> Path:
    return home.state / "users-wait"
