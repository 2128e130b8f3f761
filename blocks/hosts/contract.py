"""What every host promises. Its shared suite: `tests/blocks/hosts/contract.py`."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from blocks.adapter import Adapter
from domain.errors import CommandFailed

SHORT_S = 30.0
"""Seconds that a command gets where nobody says more: it asks, or moves a few bytes."""


class Ran(BaseModel):
    """A command that came to its end. `output`: what it printed, both streams, as text."""

    model_config = ConfigDict(frozen=True)

    argv: list[str]
    exit_code: int
    output: str


class Host(Adapter):
    """A machine: commands are run on it, and a few files changed."""

    family: ClassVar[str] = "hosts"

    @property
    @abstractmethod
    def named(self) -> str:
        """What people call it: `this host`, or `deploy@web-1`."""

    @abstractmethod
    def run(self, argv: Sequence[str], *, cwd: Path | None = None, timeout_s: float = SHORT_S) -> Ran:
        """Run a program with its arguments, never through a shell of ours; nothing to read, whatever it answers.

        Raises:
            CommandFailed: it cannot be started, or did not end in time; it was ended.
            Unreachable: the host does not answer, or was lost while the program ran: then nobody knows how it ended.
        """

    @abstractmethod
    def read(self, path: Path) -> bytes | None:
        """A file's content; None where there is no such file. Raises Unreachable, NotPermitted."""

    @abstractmethod
    def replace(self, path: Path, content: bytes) -> None:
        """Put a file with this content in the place of the old one, by a rename; mode and owner of the old one stay.

        Raises:
            Unreachable, NotPermitted: nothing was changed. Where the host is lost at the rename itself nobody knows: look.
        """

    @abstractmethod
    def link_target(self, path: Path) -> str | None:
        """Where a symbolic link points; None where there is none of that name. Raises Unreachable."""

    @abstractmethod
    def link(self, path: Path, target: str) -> None:
        """Point the symbolic link at the target, by a rename: at no instant is there none. Raises as `replace` does."""

    @abstractmethod
    def locked(self, path: Path, timeout_s: float) -> AbstractContextManager[None]:
        """Hold the lock that this file stands for against every process that asks for it, here or on that host (flock(2)).

        It goes with whoever holds it, so nobody can leave it behind. A connection that is cut while it is held takes the
        lock with it: then nothing more is changed, and each call raises Unreachable.

        Raises:
            Unreachable: another process held it for longer than `timeout_s`, or the host does not answer.
            NotPermitted: the file may not be made.
        """

    def check(self, argv: Sequence[str], *, cwd: Path | None = None, timeout_s: float = SHORT_S) -> str:
        """`run` that must succeed; what it printed. Raises CommandFailed also where it ends with another code than 0."""
        ran = self.run(argv, cwd=cwd, timeout_s=timeout_s)
        if ran.exit_code != 0:
            raise CommandFailed(argv=ran.argv, exit_code_seen=ran.exit_code, output=ran.output)
        return ran.output
