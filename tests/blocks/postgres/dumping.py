"""Looking at a dump while it runs."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.errors import BackupFailed
from tests.blocks.postgres.shop import taken

SETTLED = {".turn"}
"""All that may lie in a folder beside the backups."""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def command_lines(part: str) -> dict[int, str]:
    """Processes in whose command line a text occurs."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if part in line:
                found[int(entry.name)] = line
    return found


def dumping(folder: Path) -> dict[int, str]:
    return command_lines(f"--file={folder}/.partial-")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def leader(folder: Path) -> int:
    """The pg_dump that we started; the others are its workers."""
    return next(pid for pid in dumping(folder) if parent(pid) == os.getpid())


def writes_data(folder: Path) -> bool:
    return any(path.stat().st_size > 0 for path in folder.glob(".partial-*/*.dat*") if path.exists())


@contextmanager
def in_background(server: Server, programs: Programs, folder: Path) -> Iterator[list[BaseException]]:
    """A backup of a database that takes a while. At the end it is over, and the list holds what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            taken(server, programs, folder)
        except BackupFailed as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield raised
    finally:
        thread.join()
