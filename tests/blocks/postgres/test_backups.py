"""What lies in a folder of backups, and what is wrong with it."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from blocks.postgres.backups import listed, prune, verify
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.backup import Backup
from domain.database.retention import Retention
from tests.blocks.postgres.shop import fill, taken


@pytest.fixture
def backup(server: Server, programs: Programs, tmp_path: Path) -> Backup:
    """A good one, in a folder of its own."""
    fill(server)
    name = taken(server, programs, tmp_path / "backups").name
    return next(each for each in listed(tmp_path / "backups") if each.name == name)


def test_no_folder_is_no_backup(tmp_path: Path) -> None:
    assert listed(tmp_path / "missing") == []


def test_a_good_one_is_verified(backup: Backup, programs: Programs) -> None:
    assert backup.verified
    assert verify(backup, programs) == backup


def test_the_newest_is_first(backup: Backup, server: Server, programs: Programs) -> None:
    folder = Path(backup.path).parent
    second = taken(server, programs, folder, "pre-migration").name
    (folder / "older.sql").write_text("SELECT 1;")
    os.utime(folder / "older.sql", (0, 0))
    assert [each.name for each in listed(folder)] == [second, backup.name, "older.sql"]


def test_what_is_no_backup_is_not_listed(backup: Backup) -> None:
    folder = Path(backup.path).parent
    (folder / "README").touch()
    (folder / ".partial-x").mkdir()
    (folder / "empty").mkdir()
    assert listed(folder) == [backup]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def turn_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (cut, "was changed: its checksum is another"),
        (turn_a_bit, "was changed: its checksum is another"),
        (Path.unlink, "is missing"),
    ],
)
def test_a_damaged_file_is_found(
    backup: Backup, programs: Programs, damage: Callable[[Path], None], problem: str
) -> None:
    file = max(Path(backup.path).glob("*.dat*"), key=lambda path: path.stat().st_size)
    damage(file)
    found = verify(backup, programs)
    assert not found.verified
    assert found.problems[0] == f"file {file.name} {problem}"


def test_a_file_that_was_added_is_found(backup: Backup, programs: Programs) -> None:
    (Path(backup.path) / "9999.dat.gz").touch()
    assert verify(backup, programs).problems == ["file 9999.dat.gz was not there when it was taken"]


def test_a_table_of_contents_that_cannot_be_read_is_told(backup: Backup, programs: Programs) -> None:
    (Path(backup.path) / "toc.dat").write_bytes(b"nothing")
    problems = verify(backup, programs).problems
    assert problems[0].startswith("file toc.dat was changed")
    assert "its table of contents cannot be read" in problems[1]


@pytest.mark.parametrize("text", ["", "{", '{"application": "shop/production"}', '{"application": "UP"}'])
def test_a_manifest_that_cannot_be_read_is_told(backup: Backup, programs: Programs, text: str) -> None:
    (Path(backup.path) / "manifest.json").write_text(text)
    (found,) = listed(Path(backup.path).parent)
    assert (found.manifest, found.verified) == (None, False)
    assert found.problems[0].startswith("manifest.json cannot be read")
    assert verify(found, programs) == found


def test_prune_removes_what_is_not_kept_and_nothing_else(
    server: Server, programs: Programs, tmp_path: Path
) -> None:
    made = [taken(server, programs, tmp_path).name for _time in range(4)]
    with gzip.open(tmp_path / "foreign.sql.gz", "wb") as file:
        file.write(b"SELECT 1;")
    gone = prune(tmp_path, Retention(last=2, daily=0, weekly=0), keep=[made[0]])
    assert gone == [made[1]]
    assert {each.name for each in listed(tmp_path)} == {made[0], made[2], made[3], "foreign.sql.gz"}


def test_prune_finishes_what_a_killed_one_began(server: Server, programs: Programs, tmp_path: Path) -> None:
    name = taken(server, programs, tmp_path).name
    (tmp_path / ".going-shop").mkdir()
    (tmp_path / ".going-shop/toc.dat").touch()
    assert prune(tmp_path, Retention()) == []
    assert {path.name for path in tmp_path.iterdir()} == {name, ".turn"}
