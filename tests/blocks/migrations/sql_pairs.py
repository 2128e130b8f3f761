"""Numbered SQL files, as several tools read them."""

from collections.abc import Sequence
from pathlib import Path

from tests.blocks.migrations.shop import Change


def write_pairs(folder: Path, changes: Sequence[Change]) -> None:
    """`9_users.up.sql` and `9_users.down.sql`."""
    for change in changes:
        (folder / f"{change.number}_{change.name}.up.sql").write_text(f"{change.up};\n")
        if change.down is not None:
            (folder / f"{change.number}_{change.name}.down.sql").write_text(f"{change.down};\n")
