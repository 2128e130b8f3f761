"""A folder of numbered SQL files: pairs, single files, dbmate's, and `rollback_<release>.sql`."""

import re
from dataclasses import dataclass
from pathlib import Path

from blocks.migration_steps.script import Script
from domain.errors import ConfigurationError

NAME = re.compile(r"(?P<version>\d+)(?:[_.-](?P<name>.*?))??(?:\.(?P<direction>up|down))?\.sql")
SECTION = re.compile(r"^--\s*migrate:(?P<direction>up|down)\b(?P<options>[^\n]*)$", re.MULTILINE)
"""dbmate's, in its README under "Migration files"."""


@dataclass(frozen=True)
class Migration:
    """One number of the folder.

    Attributes:
        version: its digits as the file has them, `003`.
        stem: the file's name without `.up.sql`: `003_add_phone`.
        sections: whether it is one file of dbmate's.
    """

    version: str
    name: str
    stem: str
    up: Script | None = None
    down: Script | None = None
    sections: bool = False

    @property
    def number(self) -> int:
        """What it is sorted by: 9 before 10."""
        return int(self.version)

    def names(self) -> set[str]:
        """How a record may write it, beside any padding of its number."""
        return {self.version, self.stem, *(f"{self.stem}{end}" for end in (".sql", ".up.sql"))}

    def is_written(self, raw: str) -> bool:
        """Whether a record's text means this migration."""
        return int(raw) == self.number if raw.isdecimal() else raw in self.names()


@dataclass(frozen=True)
class MigrationFolder:
    """The migrations of a folder, by number."""

    path: Path
    migrations: tuple[Migration, ...]

    def find(self, raw: str) -> Migration | None:
        """The migration that a record, or a person, writes so."""
        return next((migration for migration in self.migrations if migration.is_written(raw)), None)

    def rollback(self, release: str | None) -> Script | None:
        """The release's own way down, `rollback_<release>.sql` (NotesHub, standard rollback)."""
        file = self.path / f"rollback_{release}.sql"
        return Script(_read(file), str(file)) if release and file.is_file() else None


def read_folder(path: Path) -> MigrationFolder:
    """All of a folder. Raises ConfigurationError: no such folder, a file that is no UTF-8, a number used twice."""
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise _wrong(f"{path} cannot be read: {error.strerror}") from None
    found: dict[int, Migration] = {}
    for file in files:
        if (match := NAME.fullmatch(file.name)) and file.is_file():
            migration = _migration(file, match)
            known = found.get(migration.number)
            found[migration.number] = _together(known, migration) if known else migration
    return MigrationFolder(path, tuple(found[number] for number in sorted(found)))


def _migration(file: Path, match: re.Match[str]) -> Migration:
    version, name, direction = match["version"], match["name"] or "", match["direction"]
    text = _read(file)
    stem = file.name.removesuffix(".sql").removesuffix(f".{direction}")
    if direction == "down":
        return Migration(version, name, stem, down=Script(text, str(file)))
    sections = _sections(text, file) if direction is None else {}
    if sections:
        return Migration(version, name, stem, sections.get("up"), sections.get("down"), sections=True)
    return Migration(version, name, stem, up=Script(text, str(file)))


def _sections(text: str, file: Path) -> dict[str, Script]:
    marks = list(SECTION.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    return {
        mark["direction"]: Script(
            text[mark.end() : end],
            str(file),
            in_transaction="transaction:false" not in mark["options"].split(),
        )
        for mark, end in zip(marks, ends, strict=True)
    }


def _together(one: Migration, other: Migration) -> Migration:
    """The up file and the down file of one migration."""
    up, down = (_only(one.up, other.up), _only(one.down, other.down))
    if one.stem != other.stem:
        raise _wrong(f"{one.stem} and {other.stem} have the same number")
    return Migration(one.version, one.name, one.stem, up, down)


def _only(*scripts: Script | None) -> Script | None:
    given = [script for script in scripts if script]
    if len(given) > 1:
        raise _wrong(f"{given[0].source} and {given[1].source} are the same step")
    return given[0] if given else None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{file} cannot be read: {error}") from None


def _wrong(problem: str) -> ConfigurationError:
    return ConfigurationError("backout.yaml", "migrations.folder", problem)
