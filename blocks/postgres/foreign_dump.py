"""Dumps that somebody else made: nothing says what they should hold, so they are looked at."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from blocks.postgres.programs import Programs
from domain.errors import CommandFailed, ProgramUnfit

GZIPPED = ".sql.gz"
SUFFIXES = (GZIPPED, ".sql", ".dump")
ARCHIVE_MAGIC = b"PGDMP"
"""What `pg_dump --format=custom` begins with."""

GZIP_WINDOW = 31
"""zlib's `wbits` for a gzip header."""

HEAD_BYTES = 64 * 1024
HEAD_LINES = 20
HEAD_WIDTH = 120
CHUNK = 1024 * 1024
TAIL_BYTES = 4096
BEGINNING, END = b"-- PostgreSQL database", b"dump complete"
"""What `pg_dump` and `pg_dumpall` write first and last in their scripts."""

CUT = "is cut off: its end is missing"
EMPTY = "is empty: no dump wrote into it"


def head(path: Path) -> tuple[list[str], list[str]]:
    """The first lines that hold something, and what is wrong with it as far as they show. Raises OSError."""
    with path.open("rb") as file:
        raw = file.read(HEAD_BYTES)
    whole = path.stat().st_size <= HEAD_BYTES
    text, problems = _unpacked(raw, whole=whole) if path.name.endswith(GZIPPED) else (raw, [])
    if text.startswith(ARCHIVE_MAGIC):
        return ["-- an archive of pg_dump --format=custom"], problems
    lines = [_shown(line) for line in text.decode(errors="replace").splitlines() if line.strip(" -")]
    return lines[:HEAD_LINES], problems or ([] if text else [EMPTY])


def damage(path: Path, programs: Programs) -> list[str]:
    """All that is wrong with it, read to its end; empty where nothing is seen. Raises OSError."""
    with path.open("rb") as file:
        archive = file.read(len(ARCHIVE_MAGIC)) == ARCHIVE_MAGIC
    if archive:
        return unlisted(path, programs)
    try:
        return _script_damage(path)
    except EOFError:
        return [CUT]
    except (gzip.BadGzipFile, zlib.error) as error:
        return [f"cannot be unpacked: {error}"]


def unlisted(archive: Path, programs: Programs) -> list[str]:
    """Why `pg_restore --list` does not read an archive of pg_dump, a file or a folder; empty where it does."""
    try:
        if archive.is_dir() or programs.on_this_host:
            _on_this_host(programs).run("pg_restore", ["--list", str(archive)], None)
        else:
            with archive.open("rb") as file:
                programs.run("pg_restore", ["--list"], None, stdin=file)
    except (CommandFailed, ProgramUnfit) as error:
        return [f"its table of contents cannot be read: {error}"]
    return []


def _on_this_host(programs: Programs) -> Programs:
    """A container cannot see this host's folders."""
    return programs if programs.on_this_host else Programs()


def _unpacked(raw: bytes, *, whole: bool) -> tuple[bytes, list[str]]:
    """The text of a gzip file's beginning; `whole`: there is no more of it."""
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        text = unpacking.decompress(raw, HEAD_BYTES)
    except zlib.error as error:
        return b"", [f"cannot be unpacked: {error}"]
    all_read = whole and not unpacking.unconsumed_tail
    return text, [CUT] if all_read and not unpacking.eof else []


def _script_damage(path: Path) -> list[str]:
    first, tail = b"", b""
    for chunk in _chunks(path):
        first = first or chunk[:HEAD_BYTES]
        tail = (tail + chunk)[-TAIL_BYTES:]
    if not first.strip():
        return [EMPTY]
    return [CUT] if BEGINNING in first and END not in tail else []


def _chunks(path: Path) -> Iterator[bytes]:
    """Its text. Raises EOFError where a gzip file is cut off, BadGzipFile and zlib.error where it is damaged."""
    zipped = path.name.endswith(GZIPPED)
    with cast("IO[bytes]", gzip.open(path, "rb")) if zipped else path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _shown(line: str) -> str:
    """A line as it can be printed: without what would move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in line)[:HEAD_WIDTH].rstrip()
