"""What Linux says of itself, in the words of proc(5) and df(1)."""

from pathlib import Path
from typing import Any, cast

import pytest

from blocks import host_usage
from blocks.host_usage import CpuTime, Space
from blocks.hosts.contract import Host
from domain.errors import CommandFailed

STAT = "cpu  100 5 50 800 40 3 2 0 20 1\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n"
MEMINFO = "MemTotal:  4096 kB\nMemFree:  100 kB\nMemAvailable:  1024 kB\nHugePages_Total:  0\n"
DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 1000 600 300 67% /srv/data\n"


class Saying:
    """A machine that answers every command with the same text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.argv: list[str] = []

    def check(self, argv: list[str], **_options: Any) -> str:
        self.argv = argv
        return self.text


def saying(text: str) -> Host:
    return cast("Host", Saying(text))


def test_guests_are_in_the_users_time_and_waiting_is_no_work() -> None:
    assert host_usage.cpu_time(saying(STAT), 1) == CpuTime(1000, 160)


def test_caches_are_free_memory() -> None:
    seen = host_usage.memory(saying(MEMINFO), 1)
    assert (seen, seen.percent) == (Space(3072 * 1024, 1024 * 1024), 75)


def test_what_is_kept_for_root_counts_for_neither() -> None:
    seen = host_usage.disk(saying(DF), Path("/srv/data"), 1)
    assert seen.percent == pytest.approx(100 * 600 / 900)


def test_a_path_is_never_taken_for_an_option() -> None:
    host = saying(DF)
    host_usage.disk(host, Path("--help"), 1)
    assert cast("Saying", host).argv[-2:] == ["--", "--help"]


def test_no_disk_at_all_is_not_full() -> None:
    assert Space(0, 0).percent == 0


@pytest.mark.parametrize("said", ["", "what you see is no number", "cpu 1 2\n", "MemTotal: 4096 kB\n"])
def test_what_is_no_linux_is_told_as_it_is(said: str) -> None:
    host = saying(said)
    with pytest.raises(CommandFailed):
        host_usage.cpu_time(host, 1)
    with pytest.raises(CommandFailed):
        host_usage.memory(host, 1)
    with pytest.raises(CommandFailed):
        host_usage.disk(host, Path("/"), 1)
