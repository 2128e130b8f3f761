"""Folders of numbered SQL files."""

from pathlib import Path

import pytest

from blocks.migration_steps.files import MigrationFolder, read_folder
from domain.errors import ConfigurationError


def folder(path: Path, **files: str) -> MigrationFolder:
    for name, text in files.items():
        (path / f"{name.replace('__', '.')}.sql").write_text(text)
    return read_folder(path)


def test_layouts_stand_beside_each_other(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("not a migration")
    (tmp_path / "10_dir.sql").mkdir()
    (tmp_path / "001_add_email.up.sql").write_text("SELECT 1")
    (tmp_path / "001_add_email.down.sql").write_text("SELECT 2")
    (tmp_path / "2-only-up.sql").write_text("SELECT 3")
    (tmp_path / "003.sql").write_text("SELECT 4")
    (tmp_path / "1700000000_seconds.sql").write_text("SELECT 5")
    (tmp_path / "20260101000000_dbmate.sql").write_text(
        "-- migrate:up\nSELECT 6;\n\n-- migrate:down\nSELECT 7;\n"
    )
    found = read_folder(tmp_path)
    assert [(one.version, one.name, bool(one.up), bool(one.down)) for one in found.migrations] == [
        ("001", "add_email", True, True),
        ("2", "only-up", True, False),
        ("003", "", True, False),
        ("1700000000", "seconds", True, False),
        ("20260101000000", "dbmate", True, True),
    ]
    down = found.migrations[-1].down
    assert down
    assert down.shown == "SELECT 7;"


def test_dbmates_options_are_of_their_section(tmp_path: Path) -> None:
    text = "-- migrate:up transaction:false\nVACUUM;\n-- migrate:down\nSELECT 1;\n"
    (migration,) = folder(tmp_path, **{"1_a": text}).migrations
    assert migration.up
    assert migration.down
    assert (migration.up.transactional, migration.down.transactional) == (False, True)


@pytest.mark.parametrize("raw", ["003", "3", "0003", "003_a", "003_a.sql", "003_a.up.sql"])
def test_a_record_may_write_a_version_in_any_of_these_ways(tmp_path: Path, raw: str) -> None:
    found = folder(tmp_path, **{"003_a__up": "SELECT 1", "004_b__up": "SELECT 1"}).find(raw)
    assert found
    assert found.version == "003"


@pytest.mark.parametrize("files", [("3_a.up.sql", "03_b.up.sql"), ("3_a.sql", "3_a.up.sql")])
def test_a_number_used_twice_is_refused(tmp_path: Path, files: tuple[str, str]) -> None:
    for name in files:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ConfigurationError, match="3_a"):
        read_folder(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere cannot be read: No such file"):
        read_folder(tmp_path / "nowhere")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"1_a\.sql cannot be read"):
        read_folder(tmp_path)
