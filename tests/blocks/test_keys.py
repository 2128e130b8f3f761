import stat
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.keys import LENGTH, key
from domain.errors import ConfigurationError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def test_a_key_is_made_once_and_closed(home: Home) -> None:
    made = key(home, "journal")
    assert len(made) == LENGTH
    assert key(home, "journal") == made != key(home, "approvals")
    [file] = home.keys.glob("journal*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_that_could_not_be_written_is_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("blocks.keys.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            key(home, "journal")
    assert list(home.keys.iterdir()) == []
    assert len(key(home, "journal")) == LENGTH


@pytest.mark.parametrize("held", ["", "abcd", "no hexadecimal", "00" * (LENGTH + 1)])
def test_a_file_that_holds_no_key_is_refused(home: Home, held: str) -> None:
    (home.keys / "journal.key").write_text(held)
    with pytest.raises(ConfigurationError, match="is not 64 hexadecimal digits") as refused:
        key(home, "journal")
    assert not held or held not in str(refused.value)


def test_a_shared_key_takes_the_place_of_the_files(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOUT_KEY", "ab" * LENGTH)
    assert key(home, "journal") == b"\xab" * LENGTH + b"journal"
    assert list(home.keys.iterdir()) == []


@pytest.mark.parametrize("shared", ["secret", "abcd", "xy" * LENGTH])
def test_a_shared_key_that_is_none_is_refused_unseen(
    home: Home, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    monkeypatch.setenv("BACKOUT_KEY", shared)
    with pytest.raises(ConfigurationError, match="BACKOUT_KEY") as refused:
        key(home, "journal")
    assert shared not in str(refused.value)
