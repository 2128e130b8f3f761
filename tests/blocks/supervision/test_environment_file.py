from pathlib import Path

import pytest

from blocks.environment_text import values
from blocks.hosts.local import Local
from blocks.supervision.environment_file import EnvironmentFile
from domain.errors import Unreachable

TEXT = """\
# APP_VERSION=0.0.0 is a comment
export APP_VERSION='1.2.3'
DEPLOYMENT_ENV = "green"   # the serving one
PREVIOUS_VERSION=1.2.2 # before
URL=postgresql://u:p#w@db/notes?a=b#c
EMPTY=
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env.production"
    path.write_bytes(TEXT.encode() + b"BYTES=\xff\n")
    path.chmod(0o640)
    return path


def test_points_to_a_slot_and_back_byte_for_byte(file: Path) -> None:
    kept, environment = file.read_bytes(), EnvironmentFile(Local(), file)
    assert "names 1.2.2 in blue, before it 1.2.3" in environment.point_to("blue", "1.2.2")
    assert values(file.read_bytes().decode(errors="replace"))["PREVIOUS_VERSION"] == "1.2.3"
    assert environment.point_to("blue", "1.2.2") == ""
    assert "as it was before" in environment.point_to("green", "1.2.3")
    assert file.read_bytes() == kept
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_a_person_changed_meanwhile_is_not_lost_on_the_way_back(file: Path) -> None:
    environment = EnvironmentFile(Local(), file)
    environment.point_to("blue", "1.2.2")
    with file.open("ab") as opened:
        opened.write(b"ADDED=yes\n")
    environment.point_to("green", "1.2.3")
    now = values(file.read_bytes().decode(errors="replace"))
    assert (now["APP_VERSION"], now["DEPLOYMENT_ENV"], now["ADDED"]) == ("1.2.3", "green", "yes")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="it is not there"):
        EnvironmentFile(Local(), tmp_path / "none").point_to("blue", "1.0")
    assert list(tmp_path.iterdir()) == []
