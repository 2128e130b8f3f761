"""What every host must do, on the real thing. A test class subclasses it and gives `host`, which shares our files."""

import os
import signal
import threading
from pathlib import Path

import pytest

from blocks import process
from blocks.files import locked
from blocks.hosts.contract import Host
from domain.errors import CommandFailed, Unreachable
from tests.blocks.waiting import wait_until

FLIPS = 30


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class HostContract:
    """`host` is a host of the subclass whose files are this machine's."""

    def test_people_can_call_it_by_name(self, host: Host) -> None:
        assert host.named

    def test_runs_a_program_and_gives_all_it_said(self, host: Host) -> None:
        ran = host.run(["sh", "-c", "echo one; echo two >&2; exit 3"])
        assert (ran.exit_code, sorted(ran.output.split())) == (3, ["one", "two"])

    def test_arguments_are_never_read_by_a_shell(self, host: Host) -> None:
        odd = ["a b", "$HOME", "`id`", "; exit 9", "'", '"', "*", "", "\\", "line\nline", "-x", "é"]
        assert host.check(["printf", "%s|", *odd]) == "".join(f"{word}|" for word in odd)

    def test_runs_in_the_folder_that_is_given(self, host: Host, tmp_path: Path) -> None:
        folder = tmp_path / "with blank"
        folder.mkdir()
        assert host.check(["pwd"], cwd=folder).strip() == str(folder)

    def test_there_is_nothing_to_read(self, host: Host) -> None:
        assert host.check(["cat"]) == ""

    def test_a_program_that_is_not_there_failed(self, host: Host) -> None:
        with pytest.raises(CommandFailed) as failed:
            host.run(["no-such-program"])
        assert failed.value.exit_code_seen == process.NOT_FOUND

    def test_a_folder_that_is_not_there_is_told(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="No such file"):
            host.run(["pwd"], cwd=tmp_path / "nowhere")

    def test_check_wants_success(self, host: Host) -> None:
        with pytest.raises(CommandFailed, match="ended with 3: broken"):
            host.check(["sh", "-c", "echo broken; exit 3"])

    def test_a_program_that_a_signal_ended_did_not_succeed(self, host: Host) -> None:
        with pytest.raises(CommandFailed):
            host.check(["sh", "-c", "kill -9 $$"])

    def test_a_program_that_does_not_end_is_ended(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="did not end in time: begun") as failed:
            host.run(["sh", "-c", "echo $$ > pid; echo begun; exec sleep 300"], cwd=tmp_path, timeout_s=2)
        assert failed.value.exit_code_seen is None
        pid = int((tmp_path / "pid").read_text())
        wait_until(lambda: process.find(pid) is None, "the program's end")

    def test_a_child_that_stays_behind_is_not_awaited(self, host: Host) -> None:
        pid = int(host.check(["sh", "-c", "sleep 300 & echo $!"]))
        assert process.find(pid)
        os.kill(pid, signal.SIGKILL)

    def test_long_output_is_whole(self, host: Host) -> None:
        assert len(host.check(["head", "--bytes=3000000", "/dev/zero"])) == 3_000_000

    def test_reads_a_file_and_knows_when_there_is_none(self, host: Host, tmp_path: Path) -> None:
        content = os.urandom(300_000)
        (tmp_path / "file").write_bytes(content)
        assert host.read(tmp_path / "file") == content
        assert host.read(tmp_path / "no such file") is None

    def test_what_is_no_file_cannot_be_read(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(Unreachable, match=str(tmp_path)):
            host.read(tmp_path)

    def test_replaces_a_file_and_keeps_its_mode(self, host: Host, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_text("old")
        file.chmod(0o640)
        host.replace(file, b"new")
        assert file.read_text() == "new"
        assert file.stat().st_mode & 0o777 == 0o640
        assert names(tmp_path) == {"file"}

    def test_a_new_file_is_closed_to_others(self, host: Host, tmp_path: Path) -> None:
        host.replace(tmp_path / "new", b"text")
        assert (tmp_path / "new").read_text() == "text"
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600

    def test_a_replaced_link_stays_a_link(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("old")
        (tmp_path / "link").symlink_to("real")
        host.replace(tmp_path / "link", b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == "new"

    def test_what_cannot_be_replaced_leaves_all_as_it_was(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        for path in (tmp_path / "folder", tmp_path / "nowhere" / "file"):
            with pytest.raises(Unreachable, match=str(path)):
                host.replace(path, b"new")
        assert names(tmp_path) == {"folder"}

    def test_links_and_says_where_a_link_points(self, host: Host, tmp_path: Path) -> None:
        link = tmp_path / "link"
        assert host.link_target(link) is None
        host.link(link, "blue.sock")
        host.link(link, "/run/shop/green.sock")
        assert host.link_target(link) == str(link.readlink()) == "/run/shop/green.sock"
        assert names(tmp_path) == {"link"}

    def test_what_is_no_link_points_nowhere(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Unreachable, match="file"):
            host.link_target(tmp_path / "file")

    def test_a_link_that_cannot_be_made_leaves_nothing(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        with pytest.raises(Unreachable):
            host.link(tmp_path / "folder", "blue.sock")
        assert names(tmp_path) == {"folder"}

    def test_at_no_instant_is_there_no_link(self, host: Host, tmp_path: Path) -> None:
        link, done, seen = tmp_path / "link", threading.Event(), set()
        link.symlink_to("start")

        def look() -> None:
            while not done.is_set():
                seen.add(str(link.readlink()))

        looking = threading.Thread(target=look)
        looking.start()
        for number in range(FLIPS):
            host.link(link, ("blue", "green")[number % 2])
        done.set()
        looking.join()
        assert seen <= {"start", "blue", "green"}
        assert str(link.readlink()) == "green"

    def test_a_lock_is_held_against_all_others_and_comes_free(self, host: Host, tmp_path: Path) -> None:
        file = tmp_path / ".lock"
        with host.locked(file, 5):
            with pytest.raises(Unreachable, match="locked by another process"), host.locked(file, 0.2):
                pass
            with pytest.raises(TimeoutError), locked(file, 0.1):
                pass
        with host.locked(file, 5):
            pass

    def test_a_lock_of_a_process_there_is_waited_for(self, host: Host, tmp_path: Path) -> None:
        file = tmp_path / ".lock"
        with locked(file, 5), pytest.raises(Unreachable, match="locked by another"), host.locked(file, 0.2):
            pass

    def test_a_lock_that_cannot_be_made_is_told(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(Unreachable, match="nowhere"), host.locked(tmp_path / "nowhere" / "lock", 1):
            pass
