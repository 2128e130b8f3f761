"""Files of one JSON value a line that survive a crash: what was added is on disk, and half a line is no line."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from blocks.files import replace_file

Row = TypeVar("Row", bound=BaseModel)


def read(path: Path, kind: type[Row]) -> list[Row]:
    """All rows; empty where there is no file. Raises OSError, and ValueError for a line that is not a row."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = content[: _end_of_lines(content)]
    # Not `splitlines`: JSON leaves U+2028 and its like in the middle of a line.
    return [kind.model_validate_json(line) for line in whole.split(b"\n") if line]


def add(path: Path, row: BaseModel) -> None:
    """Add one row; it is on disk when this returns. One writer at a time. Raises OSError."""
    with path.open("ab") as file:
        file.truncate(_end_of_lines(path.read_bytes()))
        file.write(row.model_dump_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, rows: Iterable[BaseModel]) -> None:
    """Put these rows in the place of all others, in one step. Raises OSError."""
    replace_file(path, b"".join(row.model_dump_json().encode() + b"\n" for row in rows))


def _end_of_lines(content: bytes) -> int:
    """Where the last whole line ends: a writer that was killed leaves a part of one behind it."""
    return content.rfind(b"\n") + 1
