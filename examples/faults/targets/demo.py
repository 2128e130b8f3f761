"""`demo:FOLDER`: the demo application that has this state folder (`STATE_FOLDER`), broken while it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from blocks.files import replace_file
from domain.errors import ConfigurationError
from examples.demo import faults as own
from examples.demo.state import SPOOL
from examples.faults.contract import Fault, Target

FULL = Path("/dev/full")
"""Each write to it fails as on a full disk (full(4)); the host's own disk is left alone."""

_OWN = {
    Fault.ERRORS: own.Fault.ERRORS,
    Fault.LATENCY: own.Fault.SLOW,
    Fault.CRASH_LOOP: own.Fault.CRASH,
    Fault.FAILING_HEALTH: own.Fault.UNHEALTHY,
    Fault.DEAD_DEPENDENCY: own.Fault.DEPENDENCY,
}


class Demo(Target):
    """One slot of the demo application. The application itself ends a fault whose time is over."""

    kind: ClassVar[str] = "demo"
    faults: ClassVar[Mapping[Fault, str]] = {
        Fault.ERRORS: "every third request of users fails, and health says so",
        Fault.LATENCY: f"each request takes {own.SLOW_SECONDS} s longer",
        Fault.CRASH_LOOP: "it exits at once, and again after each start",
        Fault.FAILING_HEALTH: "health answers 503, users are served",
        Fault.DEAD_DEPENDENCY: "the chat's model is away: chat and health answer 503",
        Fault.FULL_DISK: "the file that it notes new entries in lies on a full device",
    }

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._folder = Path(place)
        self._control = self._folder / own.CONTROL_FILE
        self._spool = self._folder / SPOOL
        self._kept = self._folder / f"{SPOOL}.kept"

    @contextmanager
    def inject(self, fault: Fault, until: float) -> Iterator[None]:
        """Write the control file, or lay the full device over the spool."""
        if not self._folder.is_dir():
            raise ConfigurationError(
                "command line", "TARGET", f"{self._folder} is no folder: did the slot run?"
            )
        if fault is Fault.FULL_DISK:
            self._fill()
        else:
            asked = {"fault": _OWN[fault], "until": until}
            replace_file(self._control, json.dumps(asked).encode())
        yield

    def undo(self, fault: Fault) -> None:
        """Remove the control file, if it is this fault's; put the spool back."""
        if fault is Fault.FULL_DISK:
            self._empty()
        elif self._asked() == _OWN[fault]:
            self._control.unlink(missing_ok=True)

    def _fill(self) -> None:
        if self._spool.is_symlink():
            return
        if self._spool.exists():
            self._spool.replace(self._kept)
        self._spool.symlink_to(FULL)

    def _empty(self) -> None:
        if self._kept.exists():
            self._kept.replace(self._spool)
        elif self._spool.is_symlink():
            self._spool.unlink()

    def _asked(self) -> str | None:
        try:
            return str(json.loads(self._control.read_bytes())["fault"])
        except FileNotFoundError:
            return None
