"""A release: a folder named by its version, with what the program needs to know of it, and its migrations.

All releases share the code of this checkout; what makes one different is written in its `release.json`.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

HERE = Path(__file__).parent
MIGRATIONS = HERE / "migrations"
RENAME = HERE / "rename_title"

BEGUN = "fault"
"""In the release's folder: the fault that began after it was deployed."""


class Fault(StrEnum):
    """What a bad release does wrong."""

    NONE = "none"
    BROKEN = "broken"
    CRASH = "crash"
    ERRORS = "errors"
    SLOW = "slow"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class Release:
    """One version.

    Attributes:
        fault: what it does wrong, if anything.
        renames: whether it comes with migration 003, which releases before it cannot live with.
    """

    version: str
    fault: Fault = Fault.NONE
    renames: bool = False

    @property
    def schema_version(self) -> str:
        """The newest of its migrations."""
        return "003" if self.renames else "002"

    @property
    def title_column(self) -> str:
        """Where a note's title is."""
        return "heading" if self.renames else "title"

    def lay_out(self, releases: Path) -> Path:
        """Make its folder anew, and return it."""
        folder = releases / self.version
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(MIGRATIONS, folder / "migrations")
        if self.renames:
            shutil.copytree(RENAME, folder / "migrations", dirs_exist_ok=True)
        (folder / "release.json").write_text(json.dumps(asdict(self)))
        return folder

    def spoil(self, releases: Path, fault: Fault) -> None:
        """From now on it has this fault, also where it runs already: a release that goes bad while users are on it."""
        file = releases / self.version / BEGUN
        half = file.with_suffix(".half")
        half.write_text(fault)
        half.replace(file)

    @classmethod
    def of(cls, link: Path) -> Release:
        """The release that the link leads to. Raises FileNotFoundError."""
        kept = json.loads((link.resolve(strict=True) / "release.json").read_text())
        return cls(kept["version"], Fault(kept["fault"]), kept["renames"])


def fault_of(release: Release, folder: Path) -> Fault:
    """What it does wrong now. `folder`: the release's."""
    try:
        return Fault((folder / BEGUN).read_text())
    except FileNotFoundError:
        return release.fault
