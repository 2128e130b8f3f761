"""What somebody wrote, until the database has it: a file each, on a small disk in memory that each pod has of its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(os.environ.get("DRAFTS", "/dev/shm"))  # noqa: S108 - of the pod alone
PROBE = "can a draft be written?"


@contextmanager
def kept(text: str) -> Iterator[None]:
    """It is on the disk meanwhile. Raises RuntimeError where it cannot be."""
    file = FOLDER / f"draft-{secrets.token_hex(8)}"
    try:
        _write(file, text)
        yield
    finally:
        file.unlink(missing_ok=True)


def probe() -> None:
    """Raises RuntimeError where no draft can be kept."""
    with kept(PROBE):
        pass


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise RuntimeError(f"no draft can be kept in {FOLDER}: {error.strerror}") from error
