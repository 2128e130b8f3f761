"""Programs that are run to their end, and leave nothing behind."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from blocks.postgres.child import Ends, run
from domain.errors import CommandFailed
from tests.blocks.waiting import wait_until

PRINTS = "import sys; print('out'); print('err', file=sys.stderr, flush=True); sys.stdout.write('no end')"


def python(script: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script]


def test_lines_come_whole_without_their_ends() -> None:
    lines: list[str] = []
    run(python(PRINTS), os.environ, Ends(on_line=lines.append))
    assert sorted(lines) == ["err", "no end", "out"]


def test_with_an_output_of_its_own_only_the_words_are_lines() -> None:
    lines: list[str] = []
    with tempfile.TemporaryFile() as output:
        run(python(PRINTS), os.environ, Ends(stdout=output, on_line=lines.append))
        output.seek(0)
        assert output.read() == b"out\nno end"
    assert lines == ["err"]


def test_it_reads_what_it_is_given() -> None:
    lines: list[str] = []
    with tempfile.TemporaryFile() as given:
        given.write(b"a row")
        given.seek(0)
        run(python("print(input())"), os.environ, Ends(stdin=given, on_line=lines.append))
    assert lines == ["a row"]


def test_without_anything_to_read_it_does_not_wait() -> None:
    lines: list[str] = []
    run(python("import sys; print(repr(sys.stdin.read()))"), os.environ, Ends(on_line=lines.append))
    assert lines == ["''"]


def test_a_failure_tells_its_last_words_and_its_code() -> None:
    with pytest.raises(CommandFailed) as raised:
        run(python("print('no such table'); raise SystemExit(3)"), os.environ, Ends())
    assert (raised.value.exit_code_seen, raised.value.output) == (3, "no such table")


def test_a_program_that_does_not_exist_is_told() -> None:
    with pytest.raises(CommandFailed) as raised:
        run(["/nowhere/pg_dump"], os.environ, Ends())
    assert raised.value.exit_code_seen == 127


def test_what_a_tick_raises_ends_the_program_and_its_children(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    script = f"""
import os, time
child = os.fork()
if child:
    open({str(noted)!r}, "w").write(f"{{os.getpid()}} {{child}}")
time.sleep(600)
"""

    def tick() -> None:
        wait_until(noted.exists, "the program's note")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run(python(script), os.environ, Ends(on_tick=tick))
    wait_until(lambda: not any(is_running(int(pid)) for pid in noted.read_text().split()), "both to be gone")


def test_what_a_program_leaves_running_is_ended() -> None:
    lines: list[str] = []
    script = "import os, time\nchild = os.fork()\nif child: print(child, flush=True)\nelse: time.sleep(600)"
    run(python(script), os.environ, Ends(on_line=lines.append))
    wait_until(lambda: not is_running(int(lines[0])), "it to be gone")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
