"""After a switch: what names the active slot follows it; services are restarted and caches cleared."""

from collections.abc import Callable, Sequence

from blocks.hosts.contract import Host
from blocks.supervision import starting
from blocks.supervision.control import Control
from blocks.supervision.environment_file import EnvironmentFile
from domain.errors import BackoutError

CLEAR_S = 60.0
"""Seconds that a command gets to clear a cache."""


class Aligning:
    """Does one thing after the other. What fails keeps nothing else back: it is in `left`, with the reason."""

    def __init__(self, control: Control, host: Host, start_timeout_s: float, stop_timeout_s: float) -> None:
        self.done: list[str] = []
        self.left: list[str] = []
        self._control = control
        self._host = host
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s

    def environment(self, file: EnvironmentFile, slot: str, version: Callable[[], str | None]) -> None:
        """Name the slot and its release in the file."""
        self._try(f"{file.path} was not changed", lambda: self._point_to(file, slot, version()))

    def restart(self, programs: Sequence[str]) -> None:
        """One after the other, each until it runs again."""
        for program in programs:
            self._try(f"{program} was not restarted", lambda program=program: self._restart(program))  # type: ignore[misc]

    def clear(self, commands: Sequence[Sequence[str]]) -> None:
        """Run each."""
        for argv in commands:
            self._try("caches were not cleared", lambda argv=argv: self._clear(argv))  # type: ignore[misc]

    def _point_to(self, file: EnvironmentFile, slot: str, version: str | None) -> str:
        if version is None:
            self.left.append(f"{file.path} was not changed: nothing says which release {slot} holds")
            return ""
        return file.point_to(slot, version)

    def _restart(self, program: str) -> str:
        starting.restart(
            self._control, program, start_timeout_s=self._start_timeout_s, stop_timeout_s=self._stop_timeout_s
        )
        return f"restarted {program}"

    def _clear(self, argv: Sequence[str]) -> str:
        self._host.check(argv, timeout_s=CLEAR_S)
        return f"cleared caches: {' '.join(argv)}"

    def _try(self, otherwise: str, do: Callable[[], str]) -> None:
        try:
            if said := do():
                self.done.append(said)
        except BackoutError as error:
            self.left.append(f"{otherwise}: {error.what()}")
