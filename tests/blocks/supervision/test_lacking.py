"""What a slot that is down lacks, as readiness asks it, on a real supervisord."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.hosts.local import Local
from blocks.platforms.supervisor import Supervisor
from blocks.startable import Startable
from blocks.supervision.lacking import lacking
from blocks.supervision.rpc import Rpc
from blocks.supervision.slot_programs import SlotPrograms
from tests.blocks.platforms.supervised_slots import OTHERS
from tests.blocks.supervised import PIP, Supervisord


@pytest.fixture(scope="module")
def supervisord(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisord]:
    server = Supervisord(tmp_path_factory.mktemp("programs"), PIP)
    server.write(OTHERS)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def link(tmp_path: Path) -> Path:
    (tmp_path / "releases" / "1.0").mkdir(parents=True)
    made = tmp_path / "green"
    made.symlink_to("releases/1.0")
    return made


def lacks(supervisord: Supervisord, link: Path, *programs: str) -> str:
    place = SlotPrograms(programs=list(programs), address="http://127.0.0.1:1", release_link=link)
    return lacking(Rpc(supervisord.socket), Local(), place, supervisord.configuration.read_text())


def test_what_is_all_there_lacks_nothing(supervisord: Supervisord, link: Path) -> None:
    assert lacks(supervisord, link, "worker", "crasher") == ""
    assert issubclass(Supervisor, Startable)


def test_a_program_that_supervisord_does_not_know(supervisord: Supervisord, link: Path) -> None:
    said = lacks(supervisord, link, "worker", "unheard-of")
    assert said == "unheard-of MISSING: not in supervisord's configuration"


def test_an_executable_that_is_gone(supervisord: Supervisord, link: Path) -> None:
    said = lacks(supervisord, link, "missing")
    assert said == "missing is to run /no/such/program, which is not there, or may not be run"


def test_the_folder_of_the_release_is_gone(supervisord: Supervisord, link: Path) -> None:
    (link.parent / "releases" / "1.0").rmdir()
    assert lacks(supervisord, link, "worker") == f"{link} leads to releases/1.0, which is no folder"
    link.unlink()
    assert lacks(supervisord, link, "worker") == f"{link} leads to nothing, which is no folder"


def test_a_configuration_that_nobody_can_read_says_nothing_of_executables(
    supervisord: Supervisord, link: Path
) -> None:
    place = SlotPrograms(programs=["missing"], address="http://127.0.0.1:1", release_link=link)
    for text in (None, "no section", "[program:missing]\ncommand='", "[program:missing]\ncommand=%(here)s/x"):
        assert lacking(Rpc(supervisord.socket), Local(), place, text) == ""
