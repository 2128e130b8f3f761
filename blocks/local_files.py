"""The files of a local ledger: read and written under its own lock, their errors told as the ledger's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks import json_lines
from blocks.files import locked
from domain.errors import StoreUnavailable

TURN_S = 10.0


class LocalFiles:
    """One folder of JSON Lines. Every method raises StoreUnavailable where the disk does not do its part."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str, kind: type[json_lines.Row]) -> list[json_lines.Row]:
        """All rows of a file."""
        with self.disk():
            return json_lines.read(self.folder / name, kind)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One process at a time adds a line."""
        with self.disk(), locked(self.folder / "turn", TURN_S):
            yield

    @contextmanager
    def disk(self) -> Iterator[None]:
        """A full disk is said as what it is: the place where the record is kept does not take it."""
        try:
            yield
        except OSError as error:
            why = error.strerror or str(error)
            raise StoreUnavailable(
                what_it_is="this host's record", address=str(self.folder), why=why
            ) from error
