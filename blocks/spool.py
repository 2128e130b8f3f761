"""Work that was promised: on disk before the promise, there until it is done, whatever is killed meanwhile."""

import itertools
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from blocks import json_lines
from blocks.files import replace_file, sync_folder
from domain.errors import BackoutError

Row = TypeVar("Row", bound=BaseModel)
MOST_FILES = 10_000
SUFFIX = ".jsonl"
ASIDE, WHY = ".broken", ".why"
"""A file that is set aside, and beside it the reason: one line of text."""

MOST_ASIDE = 1_000
"""Files set aside that are kept; people are told of each, and of the oldest when it must go."""


@dataclass(eq=False)
class SpoolFull(BackoutError):
    """More work waits than is ever done: nothing more is promised."""

    folder: Path
    retryable = True

    def what(self) -> str:
        """How much waits."""
        return f"{MOST_FILES} files wait in {self.folder}: nothing more is taken"

    def next_step(self) -> str:
        """Why that may be."""
        return "see whether Prefect and the store answer: `backout doctor`"


@dataclass(frozen=True)
class SetAside:
    """A file that is kept out of the way of the others. `at`: since when, seconds since 1970."""

    file: Path
    at: float

    @property
    def why(self) -> str:
        """The reason. Raises OSError."""
        try:
            return self.file.with_suffix(WHY).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "it could not be read"

    @property
    def name(self) -> str:
        """What people call it by."""
        return self.file.stem


class _Promise(Generic[Row]):
    """Rows of one caller, until they are on disk."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.kept = False


class Spool(Generic[Row]):
    """A folder of files, the oldest first; each holds what was put in while the one before was written."""

    def __init__(self, folder: Path, kind: type[Row]) -> None:
        self.folder = folder
        self._kind = kind
        self._waiting: list[_Promise[Row]] = []
        self._gate = threading.Lock()
        self._writing = threading.Lock()
        self._numbers = itertools.count()

    def put(self, rows: Sequence[Row]) -> None:
        """Return when the rows are on disk. Callers that come together share one write. Raises OSError, SpoolFull."""
        promise = _Promise(rows)
        with self._gate:
            self._waiting.append(promise)
        with self._writing:
            if not promise.kept:
                self._write(promise)

    def _write(self, own: _Promise[Row]) -> None:
        with self._gate:
            batch, self._waiting = self._waiting, []
        try:
            self._keep([row for promise in batch for row in promise.rows])
        except BaseException:
            # Each of the others tries for itself.
            with self._gate:
                self._waiting += [promise for promise in batch if promise is not own]
            raise
        for promise in batch:
            promise.kept = True

    def _keep(self, rows: Sequence[Row]) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if len(self.files()) >= MOST_FILES:
            raise SpoolFull(self.folder)
        replace_file(self._new(), _lines(rows))

    def _new(self) -> Path:
        return self.folder / f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}{SUFFIX}"

    def files(self) -> list[Path]:
        """What waits, the oldest first; empty where nothing was ever put in. Raises OSError."""
        return self._named(SUFFIX)

    def _named(self, suffix: str) -> list[Path]:
        try:
            with os.scandir(self.folder) as entries:
                names = sorted(entry.name for entry in entries)
        except FileNotFoundError:
            return []
        return [self.folder / name for name in names if name.endswith(suffix) and not name.startswith(".")]

    def read(self, file: Path) -> list[Row]:
        """The rows of one file. Raises OSError, and ValueError where it holds something else, or less than was put in."""
        if not file.read_bytes().endswith(b"\n"):
            raise ValueError(f"{file} was cut")
        return json_lines.read(file, self._kind)

    def done(self, file: Path) -> None:
        """Forget one file: what it asked for was done."""
        file.unlink(missing_ok=True)

    def set_aside(self, file: Path, why: str) -> Path:
        """Keep a file that nobody can use out of the way of the others; where it is now. Raises OSError."""
        with suppress(OSError):  # on a full disk the file matters, and its reason is in the log
            replace_file(file.with_suffix(WHY), why.encode())
        return file.rename(file.with_suffix(ASIDE))

    def keep_aside(self, name: str, rows: Sequence[Row], why: str) -> Path:
        """Keep rows that nobody takes out of the way of the others, on disk when this returns. Raises OSError.

        Args:
            name: theirs alone, so that what is set aside again is there once.
            rows: what is kept.
            why: one line.
        """
        kept = self.folder / f"{name}{ASIDE}"
        replace_file(kept.with_suffix(WHY), why.encode())
        replace_file(kept, _lines(rows))
        return kept

    def aside(self) -> list[SetAside]:
        """What was set aside, the oldest first. Raises OSError."""
        found = []
        for file in self._named(ASIDE):
            with suppress(FileNotFoundError):  # somebody sends it again in this moment
                found.append(SetAside(file, file.stat().st_mtime))
        return sorted(found, key=lambda one: one.at)

    def send_again(self, one: SetAside) -> None:
        """Put what was set aside behind what waits. Raises OSError."""
        one.file.rename(self._new())
        self.forget(one)

    def forget(self, one: SetAside) -> None:
        """Throw away what was set aside. Raises OSError."""
        one.file.unlink(missing_ok=True)
        one.file.with_suffix(WHY).unlink(missing_ok=True)
        sync_folder(self.folder)


def _lines(rows: Sequence[Row]) -> bytes:
    return b"".join(row.model_dump_json().encode() + b"\n" for row in rows)
