"""Dumps that somebody else made, as the runbooks make them."""

import gzip
from pathlib import Path

import pytest

from blocks.postgres.backups import listed, verify
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.backup import Backup
from tests.blocks.postgres.shop import enlarge, fill


@pytest.fixture
def script(server: Server, programs: Programs) -> bytes:
    """What `pg_dump` prints."""
    fill(server)
    enlarge(server, 5_000)
    lines: list[str] = []
    programs.run("pg_dump", [], server.address(), on_line=lines.append)
    return "\n".join([*lines, ""]).encode()


def seen(path: Path, programs: Programs) -> Backup:
    """As it is listed, and verified."""
    (found,) = listed(path.parent)
    checked = verify(found, programs)
    assert not checked.verified
    assert checked.model_copy(update={"problems": []}) == found.model_copy(update={"problems": []})
    return checked


@pytest.mark.both_versions
def test_a_good_one_is_unverified_and_shows_its_head(
    script: bytes, programs: Programs, tmp_path: Path
) -> None:
    path = tmp_path / "pre-migration-production-20240117_143022.sql.gz"
    path.write_bytes(gzip.compress(script))
    found = seen(path, programs)
    assert found.problems == []
    assert found.manifest is None
    assert "-- PostgreSQL database dump" in found.head
    assert any(line.startswith("-- Dumped from database version") for line in found.head)


@pytest.mark.parametrize("left", [0.99, 0.5])
def test_a_gzip_file_that_is_cut_off_is_found(
    script: bytes, programs: Programs, tmp_path: Path, left: float
) -> None:
    path = tmp_path / "shop.sql.gz"
    packed = gzip.compress(script)
    assert len(packed) > 128 * 1024
    path.write_bytes(packed[: int(len(packed) * left)])
    found = seen(path, programs)
    assert found.problems == ["is cut off: its end is missing"]
    assert "-- PostgreSQL database dump" in found.head


def test_a_small_one_that_is_cut_off_is_seen_in_the_list(tmp_path: Path) -> None:
    (tmp_path / "shop.sql.gz").write_bytes(gzip.compress(b"CREATE TABLE x ();\n" * 9)[:-4])
    (found,) = listed(tmp_path)
    assert (found.head[0], found.problems) == ("CREATE TABLE x ();", ["is cut off: its end is missing"])


def test_a_gzip_file_with_a_wrong_bit_is_found(script: bytes, programs: Programs, tmp_path: Path) -> None:
    path = tmp_path / "shop.sql.gz"
    packed = bytearray(gzip.compress(script))
    packed[len(packed) // 2] ^= 16
    path.write_bytes(packed)
    assert seen(path, programs).problems[0].startswith("cannot be unpacked")


def test_a_dump_that_failed_before_it_was_packed_is_found(
    script: bytes, programs: Programs, tmp_path: Path
) -> None:
    """`pg_dump | gzip` makes a sound gzip file of half a dump."""
    path = tmp_path / "shop.sql.gz"
    path.write_bytes(gzip.compress(script[: len(script) // 2]))
    assert seen(path, programs).problems == ["is cut off: its end is missing"]


@pytest.mark.parametrize("name", ["shop.sql", "shop.sql.gz"])
def test_an_empty_one_is_found(programs: Programs, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"") if name.endswith("gz") else b"")
    assert seen(tmp_path / name, programs).problems == ["is empty: no dump wrote into it"]


def test_what_is_no_gzip_file_is_told(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "shop.sql.gz").write_bytes(b"pg_dump: error: connection failed\n")
    assert seen(tmp_path / "shop.sql.gz", programs).problems[0].startswith("cannot be unpacked")


def test_a_script_that_is_not_packed(script: bytes, programs: Programs, tmp_path: Path) -> None:
    path = tmp_path / "shop.sql"
    path.write_bytes(script)
    assert seen(path, programs).problems == []
    path.write_bytes(script[:-5_000])
    assert seen(path, programs).problems == ["is cut off: its end is missing"]


@pytest.mark.both_versions
def test_an_archive(server: Server, programs: Programs, tmp_path: Path) -> None:
    fill(server)
    path = tmp_path / "shop.dump"
    programs.run("pg_dump", ["--format=custom", f"--file={path}"], server.address())
    found = seen(path, programs)
    assert (found.head, found.problems) == (["-- an archive of pg_dump --format=custom"], [])
    path.write_bytes(path.read_bytes()[:100])
    assert "its table of contents cannot be read" in seen(path, programs).problems[0]


def test_a_head_cannot_move_the_terminal_s_cursor(tmp_path: Path) -> None:
    (tmp_path / "shop.sql").write_bytes(b"-- \x1b[2Jgone \xff\n")
    assert listed(tmp_path)[0].head == ["--  [2Jgone \N{REPLACEMENT CHARACTER}"]
