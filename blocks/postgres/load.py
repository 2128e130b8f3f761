"""The content of a backup, brought into an empty database by PostgreSQL's own programs."""

import gzip
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.postgres import manifest as manifests
from blocks.postgres.copy_progress import CopyProgress, Report
from blocks.postgres.foreign_dump import ARCHIVE_MAGIC, GZIPPED
from blocks.postgres.programs import Programs
from blocks.postgres.server import Connection, Server
from domain.database.backup import Backup
from domain.errors import CommandFailed, RestoreFailed

CHUNK = 1024 * 1024
SCRIPT = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--file=-")
ERROR = "pg_restore: error: "
HARMLESS = "must be owner of extension"
"""An ordinary role cannot set the comment of an extension that the superuser made; nothing else is missing then."""

STATISTICS = " STATISTICS DATA "

LEAVES = re.compile(rb"^\\c(onnect)?\s.*$", re.MULTILINE)
"""A script that was made with `--create` goes on in a database of its own choice: it could be the one in use."""

ROLES = """
    SELECT wanted, r.oid IS NOT NULL, coalesce(pg_has_role(r.oid, 'MEMBER'), false)
    FROM unnest(%s::text[]) wanted LEFT JOIN pg_roles r ON r.rolname = wanted
"""


@dataclass(frozen=True)
class Load:
    """One backup on its way into one empty database.

    Attributes:
        into: the new database's name.
        jobs: sessions that copy at the same time; a script, and an archive through a pipe, has one.
    """

    server: Server
    programs: Programs
    backup: Backup
    into: str
    jobs: int
    progress: Report | None

    def run(self) -> bool:
        """Bring all of it in, whichever form it has; whether the planner's statistics came with it.

        Raises RestoreFailed, CommandFailed, ProgramUnfit, OSError.
        """
        path = manifests.archive(Path(self.backup.path))
        if path.is_dir() or _begins(path) == ARCHIVE_MAGIC:
            contents = self._contents(path)
            self._archive(path, self._owners(contents))
            return any(STATISTICS in line for line in contents)
        self._script(path)
        return False

    def _archive(self, path: Path, owners: list[str]) -> None:
        args = ["--verbose", *owners]
        with self._followed() as (address, look):
            if path.is_dir() or self.programs.on_this_host:
                args += [f"--jobs={self.jobs}", str(path)]
                programs = self.programs if self.programs.on_this_host else Programs()
                programs.run("pg_restore", args, address, on_line=self._stop_at_error, on_tick=look)
                return
            with path.open("rb") as file:
                self.programs.run(
                    "pg_restore", args, address, stdin=file, on_line=self._stop_at_error, on_tick=look
                )

    def _stop_at_error(self, line: str) -> None:
        """The first error ends it: all that came after it would be wasted."""
        if line.startswith(ERROR) and HARMLESS not in line:
            raise self._failed(line.removeprefix(ERROR))

    def _script(self, path: Path) -> None:
        reading, writing = os.pipe()
        with self._followed() as (address, look), ThreadPoolExecutor(1) as beside:
            feeding = beside.submit(self._feed, path, os.fdopen(writing, "wb"))
            try:
                with os.fdopen(reading, "rb") as script:
                    self.programs.run("psql", SCRIPT, address, stdin=script, on_tick=look)
            except CommandFailed:
                feeding.result()  # what stopped in the middle says why
                raise
            feeding.result()

    def _feed(self, path: Path, script: IO[bytes]) -> None:
        # Without its pipe psql has ended, and says why itself.
        with suppress(BrokenPipeError), script, _opened(path) as source:
            for chunk in _whole_lines(source):
                if found := LEAVES.search(chunk):
                    said = found[0].decode(errors="replace")
                    raise self._failed(f"it says `{said}`: made with --create, it leaves the new database")
                script.write(chunk)

    def _owners(self, contents: list[str]) -> list[str]:
        """Objects keep their owners, where all of these roles exist; else all belong to the database's owner.

        Raises RestoreFailed where a role exists, and we may give it nothing: the application would lose its rights.
        """
        # The owner comes last in a line; some entries have none, and end with the blank before it.
        owners = {line.rpartition(" ")[2] for line in contents} - {"", "-", "pg_database_owner"}
        with self.server.connected(self.into) as connection:
            found = connection.execute(ROLES, [sorted(owners)]).fetchall()
            owner = connection.execute(
                "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        if not all(there for _, there, _ in found):
            return ["--no-owner", f"--role={owner[0] if owner else ''}"]
        if foreign := [role for role, _, ours in found if not ours]:
            raise self._failed(
                f"it holds objects of {', '.join(foreign)}, and the owner is no member of that role"
            )
        return []

    def _contents(self, path: Path) -> list[str]:
        """A line for each of the archive's entries."""
        lines: list[str] = []
        if path.is_dir() or self.programs.on_this_host:
            programs = self.programs if self.programs.on_this_host else Programs()
            programs.run("pg_restore", ["--list", str(path)], None, on_line=lines.append)
        else:
            with path.open("rb") as file:
                self.programs.run("pg_restore", ["--list"], None, stdin=file, on_line=lines.append)
        return [line for line in lines if line and not line.startswith(";")]

    @contextmanager
    def _followed(self) -> Iterator[tuple[SecretStr, Callable[[], None]]]:
        """Where to restore to, and what looks how far that is."""
        session = f"backout restore {secrets.token_hex(4)}"
        address = self.server.address(self.into).get_secret_value()
        named = SecretStr(make_conninfo(address, application_name=session))
        if self.progress is None:
            yield named, lambda: None
            return
        with self.server.connected(self.into) as connection:
            look = _look(connection, session, f"restoring {self.backup.name}", self.progress)
            rows = self.backup.manifest.rows if self.backup.manifest else None
            yield named, lambda: look(rows)

    def _failed(self, why: str) -> RestoreFailed:
        return RestoreFailed(backup=self.backup.name, into=self.into, problems=[why])


def _look(
    connection: Connection, session: str, what: str, report: Report
) -> Callable[[Mapping[str, int] | None], None]:
    return CopyProgress(connection, session, what, report).look


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.name.endswith(GZIPPED) else path.open("rb")


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(ARCHIVE_MAGIC))


def _whole_lines(source: IO[bytes]) -> Iterator[bytes]:
    """Its content in large pieces, none of which ends within a line."""
    while chunk := source.read(CHUNK):
        yield chunk + source.readline()
