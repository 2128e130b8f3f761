"""Injecting, undoing and listing faults. A process of its own keeps each one, and undoes it at its deadline."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blocks import process
from blocks.files import locked, replace_file
from blocks.home import Home
from blocks.process import Process, is_alive
from domain.errors import CommandFailed, ConfigurationError, Conflict
from examples.faults.contract import Fault, Target
from examples.faults.targets import TARGETS

DEFAULT_SECONDS = 300.0
LONGEST_SECONDS = 3600.0
MARK = "BACKOUT_FAULT"
_CHECKOUT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_LOCK_SECONDS = 90.0


class Injected(BaseModel):
    """One fault, as its file says.

    Attributes:
        seconds: how long it shows, at most; `until`: when that is over, in seconds since 1970, as its keeper began.
        shows: the keeper has injected it; `error`: why it could not.
    """

    model_config = ConfigDict(frozen=True)

    target: str
    fault: Fault
    seconds: float
    until: float = 0.0
    keeper: Process | None = None
    shows: bool = False
    error: str | None = None

    @property
    def kept(self) -> bool:
        """Whether its keeper lives: it will undo it at the deadline."""
        return self.keeper is not None and is_alive(self.keeper)

    def aimed(self) -> Target:
        """What it breaks."""
        return target_of(self.target)


def target_of(name: str) -> Target:
    """The target `KIND:PLACE`. Raises ConfigurationError."""
    kind, _, place = name.partition(":")
    if kind not in TARGETS or not place:
        problem = f"{name!r} is no target: write KIND:PLACE"
        raise ConfigurationError("command line", "TARGET", problem, sorted(TARGETS))
    return TARGETS[kind](place)


class Faults:
    """The faults that are injected from this host, each a file in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: by default below `BACKOUT_HOME`."""
        self.folder = folder or Home.from_env().ensure().state / "faults"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def inject(self, target: str, fault: Fault, seconds: float = DEFAULT_SECONDS) -> Injected:
        """Break it until it is undone, for at most `seconds`; returns when the fault shows.

        Raises:
            ConfigurationError: there is no such target, or it cannot have this fault.
            Conflict: it has it already.
            CommandFailed: the fault could not be injected; what was begun is undone.
        """
        _possible(target, fault, seconds)
        with self._locked():
            self._sweep()
            file = self._file(target, fault)
            if file.exists():
                raise Conflict(on=target, expected=f"no {fault}", found="it is injected already")
            keep(file, Injected(target=target, fault=fault, seconds=seconds))
            log = self.folder / f"{file.stem}.log"
            argv = [sys.executable, "-m", "examples.faults.keeper", str(file)]
            process.start(argv, cwd=_CHECKOUT, env={**os.environ, MARK: str(file)}, log=log)
            shown = _wait(lambda: _shown(file))
            if shown is None or shown.error:
                self._undo(file)
                raise CommandFailed(argv, None, (shown.error if shown else None) or _last_words(log))
            return shown

    def undo(self, target: str, fault: Fault) -> bool:
        """Mend it; whether it was injected by us. Mends also what a lost file would have said."""
        with self._locked():
            file = self._file(target, fault)
            if file.exists():
                self._undo(file)
                return True
            target_of(target).undo(fault)
            return False

    def injected(self) -> list[Injected]:
        """Those that show now. What outlived its deadline, its keeper killed, is undone first."""
        with self._locked():
            self._sweep()
            return [one for file in self._files() if (one := read(file))]

    def _undo(self, file: Path) -> None:
        found = read(file)
        if found is None:
            return
        process.stop(found.keeper, f"{MARK}={file}", _STOP_SECONDS)
        found.aimed().undo(found.fault)
        file.unlink(missing_ok=True)

    def _sweep(self) -> None:
        for file in self._files():
            found = read(file)
            if found and not found.kept:
                self._undo(file)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))

    def _file(self, target: str, fault: Fault) -> Path:
        digest = hashlib.sha256(target.encode()).hexdigest()[:12]
        return self.folder / f"{target.partition(':')[0]}-{digest}-{fault}.json"

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.folder / "lock", _LOCK_SECONDS)


def read(file: Path) -> Injected | None:
    """What the file says; None where the fault is over."""
    try:
        return Injected.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None


def keep(file: Path, injected: Injected) -> None:
    """Put it on disk, in one step."""
    replace_file(file, injected.model_dump_json().encode())


def _possible(target: str, fault: Fault, seconds: float) -> None:
    known = target_of(target).faults
    if fault not in known:
        problem = f"{target} cannot have {fault!r}"
        raise ConfigurationError("command line", "FAULT", problem, [str(one) for one in known])
    if not 0 < seconds <= LONGEST_SECONDS:
        raise ConfigurationError(
            "command line", "--for", f"must be more than 0, at most {LONGEST_SECONDS:.0f}"
        )


def _shown(file: Path) -> Injected | None:
    found = read(file)
    return found if found and (found.shows or found.error) else None


def _wait(look: Callable[[], Injected | None]) -> Injected | None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    return None


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else "the fault does not show"


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""End the keeper in good order."""
