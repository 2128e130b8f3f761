"""The spool: what was put in is there, for whoever comes after a kill."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import BaseModel

from blocks import spool as spool_module
from blocks.spool import Spool, SpoolFull

CHILD = """
import os, sys
from pathlib import Path
from tests.blocks.test_spool import Row
from blocks.spool import Spool
Spool(Path(sys.argv[1]), Row).put([Row(text="promised")])
print("promised", flush=True)
os.kill(os.getpid(), 9)
"""


class Row(BaseModel):
    """Something to do."""

    text: str


def rows(spool: Spool[Row]) -> list[str]:
    return [row.text for file in spool.files() for row in spool.read(file)]


def test_nothing_was_put_in(tmp_path: Path) -> None:
    assert Spool(tmp_path / "none", Row).files() == []


def test_in_the_order_of_coming_until_it_is_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", Row)
    for text in "abc":
        spool.put([Row(text=text)])
    assert rows(Spool(tmp_path / "spool", Row)) == ["a", "b", "c"]
    spool.done(spool.files()[0])
    assert rows(spool) == ["b", "c"]


def test_killed_after_the_promise_it_is_there(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=False, cwd=Path.cwd(),
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert (child.returncode, child.stdout) == (-signal.SIGKILL, "promised\n"), child.stderr
    assert rows(Spool(tmp_path, Row)) == ["promised"]


def test_many_at_once_are_all_there(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Row)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: spool.put([Row(text=str(number))]), range(100)))
    assert sorted(rows(spool), key=int) == [str(number) for number in range(100)]


def test_where_it_cannot_be_kept_nothing_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, Row)
    with monkeypatch.context() as patch:
        patch.setattr(spool_module, "replace_file", _full)
        with pytest.raises(OSError, match="full"):
            spool.put([Row(text="a")])
    spool.put([Row(text="b")])
    assert rows(spool) == ["b"]


def _full(*_arguments: object) -> None:
    raise OSError("the disk is full")


def test_it_takes_no_more_than_is_ever_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "MOST_FILES", 1)
    spool = Spool(tmp_path, Row)
    spool.put([Row(text="a")])
    with pytest.raises(SpoolFull, match="nothing more is taken") as refused:
        spool.put([Row(text="b")])
    assert refused.value.next_step()


def test_what_is_set_aside_takes_no_place_and_can_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_module, "MOST_FILES", 1)
    spool = Spool(tmp_path, Row)
    spool.put([Row(text="a")])
    spool.set_aside(spool.files()[0], "refused")
    spool.keep_aside("mine", [Row(text="b")], "refused before")
    spool.keep_aside("mine", [Row(text="b")], "refused, too")
    spool.put([Row(text="c")])
    assert rows(spool) == ["c"]
    assert [one.why for one in spool.aside()] == ["refused", "refused, too"]
    for one in spool.aside():
        spool.send_again(one)
    assert rows(spool) == ["c", "a", "b"]
    assert len(list(tmp_path.iterdir())) == 3


def test_one_that_an_older_version_set_aside_has_no_reason(tmp_path: Path) -> None:
    (tmp_path / "old.broken").write_text("")
    [one] = Spool(tmp_path, Row).aside()
    assert (one.name, one.why) == ("old", "it could not be read")
