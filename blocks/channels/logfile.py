"""`logfile`: one line a message, at the end of a file."""

import errno
import fcntl
import json
import os
import shlex
import stat
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from blocks.channels.contract import Channel
from blocks.deadline import within
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import Unreachable
from domain.message import Message

OURS_ONLY = 0o600
TOTAL_S = 9.5
"""Seconds for one line: another process may hold the file's lock, and a network's file system may be gone."""


class Layout(StrEnum):
    """How a line is written."""

    JSON = "json"
    TEXT = "text"


def _absolute(path: Path) -> Path:
    """The CLI and the worker run in different folders: a path must mean the same in both."""
    expanded = path.expanduser()
    if not expanded.is_absolute():
        raise ValueError("is not an absolute path")
    return expanded


class Logfile(Channel):
    """Appends to a file that only this user can read. The file is made where it is missing; its folder too."""

    kind: Literal["logfile"] = "logfile"
    path: Annotated[Path, AfterValidator(_absolute)] = Field(
        description="Absolute path; `~` is this user's home."
    )
    layout: Layout = Field(default=Layout.JSON, description="`json`: an object a line. `text`: for people.")

    def send(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - a file has no threads
        """Append, and wait until the disk has it. A line is there whole or not at all."""
        line = (self._line(message) + "\n").encode()
        try:
            within(TOTAL_S, lambda: self._append(line), "append to the log file")
        except TimeoutError:
            raise Unreachable("log file", str(self.path), f"it took more than {TOTAL_S:g} s") from None
        except OSError as error:
            raise Unreachable("log file", str(self.path), error.strerror or type(error).__name__) from None
        return None

    def examine(self) -> list[Checkup]:
        """Whether this user may write the file. Nothing is written."""
        where = next((place for place in (self.path, *self.path.parents) if place.exists()), self.path)
        if os.access(where, os.W_OK) and (where == self.path or where.is_dir()):
            return [well("reachable", self.name, f"{self.path} can be written")]
        who = Remedy(command=f"ls -ld {shlex.quote(str(where))} && id")
        return [wrong("reachable", self.name, f"{self.path} cannot be written by this user", who)]

    def _line(self, message: Message) -> str:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        if self.layout is Layout.JSON:
            return json.dumps({"at": at, **message.model_dump(mode="json")})
        parts = [at, message.severity, message.application, message.incident, message.title, message.text]
        return " | ".join(_one_line(part) for part in parts if part)

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(self.path, flags, OURS_ONLY)
        try:
            _must_be_file(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _write_whole(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _must_be_file(descriptor: int) -> None:
    """A pipe or a device cannot be locked, cut or synchronised, and a pipe that nobody reads would hang."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def _write_whole(descriptor: int, line: bytes) -> None:
    """Write the line, or take its first part away again where the disk is full."""
    before = os.fstat(descriptor).st_size
    written = 0
    try:
        written = os.write(descriptor, line)
    finally:
        if written < len(line):
            os.ftruncate(descriptor, before)
    if written < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
