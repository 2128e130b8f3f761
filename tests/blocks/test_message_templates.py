"""Templates of one's own, from a folder."""

from pathlib import Path

import pytest

from blocks.message_templates import examine, read
from domain.errors import Unreachable


def test_a_folders_templates_are_read_each_time(tmp_path: Path) -> None:
    (tmp_path / "started.md.j2").write_text("first", encoding="utf-8")
    (tmp_path / "README").write_text("not a template", encoding="utf-8")
    assert read(tmp_path) == {"started.md.j2": "first"}
    (tmp_path / "started.md.j2").write_text("second", encoding="utf-8")
    assert read(tmp_path) == {"started.md.j2": "second"}
    assert [checkup.bad for checkup in examine(tmp_path)] == [False]


def test_without_a_folder_there_are_none() -> None:
    assert read(None) == {}
    assert examine(None) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="No such file"):
        read(tmp_path / "gone")
    [checkup] = examine(tmp_path / "gone")
    assert checkup.bad


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "started.md.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(Unreachable, match="not UTF-8"):
        read(tmp_path)


def test_an_examination_names_what_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "startled.md.j2").write_text("x", encoding="utf-8")
    [checkup] = examine(tmp_path)
    assert checkup.bad
    assert "startled" in checkup.finding.said
