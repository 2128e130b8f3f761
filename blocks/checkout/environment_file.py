"""`.env`, which no git keeps: its copies with a time, the keys that must be in it, and one variable set anew."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blocks.environment_text import decoded, encoded, rewritten, values
from blocks.files import PRIVATE, replace_file
from domain.errors import Unreachable
from domain.errors.machines import unusable

STAMP = "%Y%m%d-%H%M%S"
"""As `date +%Y%m%d-%H%M%S` writes it, in the host's own time."""
NO_FILE = "none"
KEPT = re.compile(r"\d{8}-\d{6}(-\d+)?")


class KeptEnvironment(BaseModel):
    """A copy of `.env`. `name`: the time of it, `20261122-084000`."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: Path

    @property
    def at(self) -> datetime:
        """The time in its name."""
        return datetime.strptime(self.name[:15], STAMP).astimezone()


class EnvironmentFile:
    """`path`, its copies `PATH.rollback-backup-TIME` beside it, and which release each was kept of, in `index`."""

    def __init__(self, path: Path, index: Path) -> None:
        self.path = path
        self._index = index

    @property
    def copies(self) -> str:
        """What the copies' names begin with."""
        return f"{self.path.name}.rollback-backup-"

    def content(self) -> bytes:
        """What it holds; nothing where there is none. Raises Unreachable."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise unusable("file", str(self.path), error) from error

    def values(self) -> dict[str, str]:
        """Its variables, quotes taken off."""
        return values_of(self.content())

    def name(self) -> str:
        """What its content is known by: the copy that holds the same, else the time it was changed; `none` without a file."""
        content = self.content()
        if not content:
            return NO_FILE
        same = next((kept for kept in self.kept() if kept.path.read_bytes() == content), None)
        return same.name if same else self._changed_at()

    def kept(self) -> list[KeptEnvironment]:
        """The copies, the newest first; also those that people made as the runbook says."""
        names = (path.name.removeprefix(self.copies) for path in self.path.parent.glob(f"{self.copies}*"))
        found = [
            KeptEnvironment(name=name, path=self.path.with_name(self.copies + name))
            for name in names
            if KEPT.fullmatch(name)
        ]
        return sorted(found, key=lambda kept: kept.name, reverse=True)

    def keep(self, commit: str | None = None) -> KeptEnvironment | None:
        """Keep a copy, mode 0600, and of which release it is; None where there is no file. The same content is kept once.

        Raises:
            Unreachable: the folder cannot be written.
        """
        content = self.content()
        if not content:
            return None
        name = self.name()
        kept = KeptEnvironment(name=name, path=self.path.with_name(self.copies + name))
        try:
            if not kept.path.exists():
                replace_file(kept.path, content)
            kept.path.chmod(PRIVATE)
            if commit:
                replace_file(self._index, json.dumps({**self._of_releases(), commit: kept.name}).encode())
        except OSError as error:
            raise unusable("file", str(kept.path), error) from error
        return kept

    def of(self, commit: str) -> KeptEnvironment | None:
        """The copy that was kept when this release was last replaced."""
        name = self._of_releases().get(commit)
        return next((kept for kept in self.kept() if kept.name == name), None)

    def put(self, kept: KeptEnvironment) -> None:
        """Put a copy's content in its place; what it held is kept. Raises Unreachable."""
        self.write(kept.path.read_bytes())

    def set_variable(self, variable: str, value: str) -> None:
        """Give a variable another value; all other lines stay as they are. What it held is kept."""
        self.write(encoded(rewritten(decoded(self.content()), {variable: value})))

    def write(self, content: bytes) -> None:
        """Replace what it holds, in one rename, after a copy was kept. Raises Unreachable."""
        if self.content() == content:
            return
        self.keep()
        try:
            replace_file(self.path, content)
        except OSError as error:
            raise unusable("file", str(self.path), error) from error

    def _of_releases(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._index.read_text())
        except FileNotFoundError:
            return {}
        return found

    def _changed_at(self) -> str:
        try:
            changed = self.path.stat().st_mtime
        except OSError as error:
            raise Unreachable("file", str(self.path), error.strerror or str(error)) from error
        name = datetime.fromtimestamp(changed).astimezone().strftime(STAMP)
        taken = {kept.name for kept in self.kept()}
        free = (f"{name}-{number}" for number in range(2, len(taken) + 3))
        return name if name not in taken else next(found for found in free if found not in taken)


def values_of(content: bytes) -> dict[str, str]:
    """The variables of a `.env`."""
    return values(decoded(content))


def missing(content: bytes, required: Iterable[str]) -> list[str]:
    """The required keys that are not there, or hold nothing."""
    found = values_of(content)
    return [key for key in required if not found.get(key)]


def differing(one: bytes, other: bytes) -> list[str]:
    """The names of the variables whose values differ, sorted; never a value."""
    left, right = values_of(one), values_of(other)
    return sorted(name for name in {*left, *right} if left.get(name) != right.get(name))


def shown(content: bytes, mask: str, plain: Sequence[str] = ()) -> str:
    """The file for the evidence: names, and the values of `plain` alone."""
    return "\n".join(
        f"{name}={value if name in plain else mask}" for name, value in values_of(content).items()
    )
