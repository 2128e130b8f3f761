import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks import users_first
from blocks.home import Home
from blocks.users_first import after_users, users_wait

ENOUGH_S = 60.0
HOLDER = """
import sys
from pathlib import Path
from blocks import users_first
from blocks.home import Home
users_first.begin(Home(Path(sys.argv[1])))
print("acts", flush=True)
sys.stdin.readline()
users_first.served()
print("served", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


@pytest.fixture
def other(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, whose run acts for users."""
    argv = [sys.executable, "-c", HOLDER, str(home.root)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"acts\n"
        yield process
        process.kill()


def began(home: Home, patience_s: float) -> threading.Event:
    """Set once what can wait has begun."""
    event = threading.Event()

    def wait() -> None:
        with after_users(home, patience_s):
            event.set()

    threading.Thread(target=wait, daemon=True).start()
    return event


def looked(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once it was seen that somebody waits."""
    event, look = threading.Event(), users_first._nobody_waits

    def seen(home: Home) -> bool:
        nobody = look(home)
        if not nobody:
            event.set()
        return nobody

    monkeypatch.setattr(users_first, "_nobody_waits", seen)
    return event


def test_what_can_wait_waits_until_users_are_served(
    home: Home, other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = looked(monkeypatch)
    begun = began(home, ENOUGH_S)
    assert seen.wait(ENOUGH_S)
    assert not begun.is_set()
    assert other.stdin is not None
    other.stdin.write(b"\n")
    other.stdin.flush()
    assert begun.wait(ENOUGH_S)


def test_a_killed_run_is_waited_for_no_longer_and_leaves_nothing(
    home: Home, other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = looked(monkeypatch)
    begun = began(home, ENOUGH_S)
    assert seen.wait(ENOUGH_S)
    assert not begun.is_set()
    other.kill()
    assert begun.wait(ENOUGH_S)
    assert list((home.state / "users-wait").iterdir()) == []


def test_patience_ends(home: Home, other: subprocess.Popen[bytes]) -> None:
    assert other.poll() is None
    assert began(home, patience_s=0.0).wait(ENOUGH_S)


def test_nobody_waits_for_a_run_that_works_on_something_long(
    home: Home, other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert other.poll() is None
    monkeypatch.setattr(users_first, "OLD_S", -1.0)
    assert began(home, ENOUGH_S).wait(ENOUGH_S)


def test_where_places_are_short_nobody_waits(home: Home, other: subprocess.Popen[bytes]) -> None:
    assert other.poll() is None
    users_first.hurry(home)
    assert began(home, ENOUGH_S).wait(ENOUGH_S)


def test_a_run_that_is_being_started_counts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = looked(monkeypatch)
    with users_wait(home):
        begun = began(home, ENOUGH_S)
        assert seen.wait(ENOUGH_S)
        assert not begun.is_set()
    assert begun.wait(ENOUGH_S)


def test_those_that_waited_take_turns(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    look = users_first._nobody_waits
    twice = threading.Event()

    def counted(where: Home) -> bool:
        looks.append(1)
        if len(looks) > 2:
            twice.set()
        return look(where)

    with after_users(home, ENOUGH_S):
        monkeypatch.setattr(users_first, "_nobody_waits", counted)
        second = began(home, ENOUGH_S)
        assert twice.wait(ENOUGH_S)
        assert not second.is_set()
    assert second.wait(ENOUGH_S)


def test_a_home_that_cannot_be_written_keeps_nothing_back(tmp_path: Path) -> None:
    home = Home(tmp_path / "nowhere")
    users_first.begin(home)
    with users_wait(home), after_users(home, ENOUGH_S):
        pass
    assert not home.root.exists()
