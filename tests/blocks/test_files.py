import os
import threading
from pathlib import Path

import pytest

from blocks import files
from blocks.files import locked, replace_file, tail


def test_replaces_what_the_file_held_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o644)
    replace_file(file, b"new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_is_closed_to_others(tmp_path: Path) -> None:
    replace_file(tmp_path / "new", b"text")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, b"new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_never_sees_half_of_it_nor_nothing(tmp_path: Path) -> None:
    file, stop, seen = tmp_path / "file", threading.Event(), set()
    replace_file(file, b"a" * 5000)

    def read() -> None:
        while not stop.is_set():
            seen.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(50):
        replace_file(file, (b"a", b"b")[turn % 2] * 5000)
    stop.set()
    reader.join()
    assert seen <= {b"a" * 5000, b"b" * 5000}


def test_a_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    held, again = locked(tmp_path / "lock", 1), locked(tmp_path / "lock", 0.05)
    with held, pytest.raises(TimeoutError, match="locked by another process"), again:
        pass
    with locked(tmp_path / "lock", 1):
        pass


@pytest.mark.parametrize("chunk", [1, 3, 64 * 1024])
def test_tail_gives_whole_lines_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(files, "CHUNK", chunk)
    file = tmp_path / "log"
    file.write_bytes("één\ntwo\n\nfour".encode() + b"\xff")
    assert tail(file, 2) == ["", "four\ufffd"]
    assert tail(file, 9) == ["één", "two", "", "four\ufffd"]
    assert tail(file, 0) == []


def test_tail_of_what_never_was_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "nothing", 5) == []
    (tmp_path / "empty").touch()
    assert tail(tmp_path / "empty", 5) == []
