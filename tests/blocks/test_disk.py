"""The room a folder's disk has left."""

from pathlib import Path

import pytest

from blocks import disk
from blocks.disk import disk_checkup


def test_a_disk_with_room_is_well_also_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    found = disk_checkup("evidence", tmp_path / "not" / "yet")
    assert found.finding.ok
    assert f"GiB free for {tmp_path}/not/yet" in found.finding.said


def test_a_full_disk_is_bad_and_shows_what_fills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LEAST_FREE_GIB", 1e9)
    found = disk_checkup("evidence", tmp_path / "a folder")
    assert found.bad
    assert found.remedies[0].command.startswith(f"du -xh --max-depth=2 {tmp_path}")
