"""Tools that migrate as processes of their own, which keep the migration's lock as long as one of them lives."""

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import SecretStr

from blocks.postgres.server import Connection
from blocks.program import masked
from blocks.signals.command import INHERITED
from domain.errors import CommandFailed

LONGEST_OUTPUT = 1024 * 1024
LONGEST_WHY = 400
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CONTROL = re.compile(r"[^\S\n]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Ended:
    """What a process said. `code`: None where its time was over."""

    code: int | None
    output: str

    @property
    def last_words(self) -> str:
        """The end of what it said, in one line."""
        return " ".join(self.output.split())[-LONGEST_WHY:]

    def how(self, timeout_s: float) -> str:
        """How it ended, in a few words."""
        ended = f"did not end within {timeout_s:g} s" if self.code is None else f"ended with {self.code}"
        return f"{ended}: {self.last_words}"


@dataclass(frozen=True)
class Child:
    """A program and what it gets.

    Attributes:
        given: what it reads on its standard input.
        holder: the connection that holds the lock; the process inherits its socket, so that the lock outlives us.
        secrets: what is masked in its output.
        stays_open: whether its standard input has no end after what is given, as long as it lives, also when we do not:
            who reads it far away sees by its end that the process is gone.
    """

    argv: Sequence[str]
    cwd: Path | None
    env: Mapping[str, str]
    given: str
    timeout_s: float
    holder: Connection | None
    secrets: Sequence[SecretStr]
    stays_open: bool = False

    def run(self, on_line: Callable[[str], None] | None = None) -> Ended:
        """To its end. `on_line`: told each line of its standard output, which then is not in `output`.

        Raises CommandFailed where it cannot be started.
        """
        with tempfile.TemporaryFile() as output, _pipe() as (reading, writing):
            try:
                process = self._start(reading, writing, output, on_line is not None)
            except OSError as error:
                raise CommandFailed(self.argv, 127, str(error)) from None
            reading.close()
            code = self._wait(process, writing, on_line)
            return Ended(code, self._read(output))

    def without_secrets(self, text: str) -> str:
        """What it said, for people."""
        return masked(text, [secret.get_secret_value() for secret in self.secrets])

    def _start(
        self,
        reading: IO[bytes],
        writing: IO[bytes],
        output: IO[bytes],
        piped: bool,  # noqa: FBT001 - of two streams
    ) -> subprocess.Popen[bytes]:
        kept = [writing.fileno()] if self.stays_open else []
        return subprocess.Popen(
            list(self.argv),
            cwd=self.cwd,
            env=environment(self.env),
            stdin=reading,
            stdout=subprocess.PIPE if piped else output,
            stderr=output,
            start_new_session=True,
            pass_fds=[*kept, *([] if self.holder is None else [self.holder.fileno()])],
        )

    def _wait(
        self, process: subprocess.Popen[bytes], writing: IO[bytes], on_line: Callable[[str], None] | None
    ) -> int | None:
        over = threading.Event()

        def end() -> None:
            over.set()
            _kill_group(process)

        clock = threading.Timer(self.timeout_s, end)
        clock.daemon = True
        clock.start()
        try:
            self._give(writing)
            for line in process.stdout or ():
                if on_line:
                    on_line(line.decode(errors="replace"))
            code = process.wait()
        finally:
            clock.cancel()
            _kill_group(process)
            process.wait()
            if process.stdout:
                process.stdout.close()
        return None if over.is_set() else code

    def _give(self, writing: IO[bytes]) -> None:
        with suppress(BrokenPipeError), writing:  # it ended, or does not read
            writing.write(self.given.encode())

    def _read(self, output: IO[bytes]) -> str:
        end = output.seek(0, os.SEEK_END)
        output.seek(max(0, end - LONGEST_OUTPUT))
        return self.without_secrets(CONTROL.sub(" ", COLOUR.sub("", output.read().decode(errors="replace"))))


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a tool gets: PATH, HOME and the like, and what is meant for it."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(more)


@contextmanager
def _pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Both ends, to be closed early where they must be."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as ours, os.fdopen(writing, "wb") as theirs:
        yield ours, theirs


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):  # its group is already empty
        os.killpg(process.pid, signal.SIGKILL)
