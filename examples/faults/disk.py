"""A small disk in a container that is filled, and emptied again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from domain.errors import CommandFailed, ConfigurationError

MOST_MIB = 64
"""A larger disk is not filled: it may be shared with others."""

_FILLER = ".backout-fault"
_BLOCK_KIB = 64


class Disk:
    """The disk that a folder lies on. It takes `df`, `dd` and `rm` beside it.

    Args:
        folder: an absolute path.
        run: a program there, as who may write to the folder; what it printed. Raises CommandFailed.
    """

    def __init__(self, folder: str, run: Callable[..., str]) -> None:
        self._folder = folder
        self._run = run

    def room(self) -> int:
        """KiB that are free. Raises ConfigurationError where that is a large disk, or no folder is named; CommandFailed."""
        if not self._folder.startswith("/"):
            problem = "names no folder of the disk to fill: write :/FOLDER behind it"
            raise ConfigurationError("command line", "TARGET", problem)
        free = self._free()
        if free > MOST_MIB * 1024:
            problem = f"{self._folder} has {free // 1024} MiB free, more than {MOST_MIB}: it is not filled"
            raise ConfigurationError("command line", "TARGET", problem)
        return free

    def fill(self) -> None:
        """Until nothing more can be written. Raises as `room` does, and CommandFailed where much can be written still."""
        self.empty()
        blocks = self.room() // _BLOCK_KIB + 2
        argv = ["dd", "if=/dev/zero", f"of={self._filler}", f"bs={_BLOCK_KIB}k", f"count={blocks}"]
        with suppress(CommandFailed):  # dd ends with an error when the disk is full
            self._run(*argv)
        if (left := self._free()) > _BLOCK_KIB:
            raise CommandFailed(argv, None, f"{self._folder} has {left} KiB free still")

    def empty(self) -> None:
        """Remove what fills it. Raises CommandFailed."""
        self._run("rm", "-f", self._filler)

    def _free(self) -> int:
        return int(self._run("df", "-Pk", self._folder).splitlines()[-1].split()[3])

    @property
    def _filler(self) -> str:
        return f"{self._folder.rstrip('/')}/{_FILLER}"
