"""Where PostgreSQL's programs lie on this host, and which of several is the right one."""

import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from blocks.embedded_postgres import PROGRAMS
from blocks.postgres import child
from domain.errors import CommandFailed, ProgramUnfit

DEBIANS = Path("/usr/lib/postgresql")
DEBIANS_CHOOSER = "pg_wrapper"
"""Debian's script on PATH, which chooses a version by the clusters it knows; all that it finds is in DEBIANS."""

VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)\S*)")


@dataclass(frozen=True)
class Found:
    """A program and its version, like `18.1`, as it says it."""

    argv: tuple[str, ...]
    version: str
    major: int


def places(folder: Path | None) -> list[Path]:
    """The folders to look in, best first: the one that was named, or all that are known."""
    if folder:
        return [folder]
    on_path = [Path(entry) for entry in os.get_exec_path() if entry]
    debians = [path / "bin" for path in DEBIANS.glob("*") if path.name.isdigit()]
    return [*on_path, *sorted(debians, key=lambda path: int(path.parent.name), reverse=True), PROGRAMS]


def programs(name: str, folder: Path | None) -> list[Path]:
    """The executables of this name, best first, each once."""
    paths = [Path(found) for place in places(folder) if (found := shutil.which(name, path=str(place)))]
    own = [path for path in paths if path.resolve().name != DEBIANS_CHOOSER]
    return list({path.resolve(): path for path in own}.values())


def asked(argv: tuple[str, ...]) -> Found | None:
    """What a program says to `--version`; None where it is no program of PostgreSQL. Raises CommandFailed."""
    said: list[str] = []
    child.run([*argv, "--version"], os.environ, child.Ends(on_line=said.append))
    match = VERSION.search("\n".join(said))
    return Found(argv, match["version"], int(match["major"])) if match else None


def best(name: str, folder: Path | None, server_version: int | None) -> Found:
    """The program for a server: of its own major version where there is one, else the first that is newer.

    Args:
        name: `pg_dump`, `pg_restore`, `psql` ...
        folder: the only one to look in; None: everywhere.
        server_version: `server_version_num`; None where no server is involved: the newest program.

    Raises:
        ProgramUnfit: there is none, or all are older than the server.
    """
    known = [found for path in programs(name, folder) if (found := _on_this_host(path))]
    needed = server_version // 10000 if server_version else 0
    fit = [found for found in known if found.major >= needed]
    if not fit:
        raise unfit(name, known, needed)
    same = [found for found in fit if found.major == needed]
    return same[0] if same else fit[0] if needed else _newest(fit)


def _on_this_host(path: Path) -> Found | None:
    return _asked_once(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _asked_once(path: str, _changed_ns: int) -> Found | None:
    """None where it does not run. A program's answer changes with its file only."""
    try:
        return asked((path,))
    except CommandFailed:
        return None


def unfit(name: str, known: list[Found], needed: int) -> ProgramUnfit:
    """The error of a program that is missing, or too old in all the places it was found in."""
    seen = f"{' '.join(_newest(known).argv)} {_newest(known).version}" if known else ""
    return ProgramUnfit(
        program=name, found=seen, needs=f"version {needed} or newer" if needed else "any version"
    )


def _newest(known: list[Found]) -> Found:
    return max(known, key=lambda found: found.major)
