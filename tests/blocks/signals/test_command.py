"""The `command` signal with real programs."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.waiting import wait_until

BLUE = Place("blue", "http://127.0.0.1:8001")


def python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", script, *arguments]


def look(script: str, *arguments: str, **settings: Any) -> Finding:
    return signal("command", argv=python(script, *arguments), **settings).observe(BLUE)


class TestCommand(SignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "command",
            "argv": python("import sys; sys.exit(sys.argv[1] == 'green')", "{slot}", "{url}"),
        }

    @pytest.fixture
    def well(self) -> Place:
        return BLUE

    @pytest.fixture
    def ill(self) -> Place:
        return Place("green", "http://127.0.0.1:8002")

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("blue", None)


def test_address_and_slot_are_filled_in_and_the_last_line_is_said() -> None:
    finding = look(
        "import sys; print('first'); print(sys.argv[1:]); print()", "--url={url}/x", "{slot}", "{other}"
    )
    assert finding.said == "['--url=http://127.0.0.1:8001/x', 'blue', '{other}']"
    assert (finding.ok, finding.unit) == (True, "s")


def test_no_shell_reads_the_arguments() -> None:
    assert look("import sys; print(sys.argv[1])", "$(id); `id` | cat").said == "$(id); `id` | cat"


def test_the_exit_code_is_the_symptom() -> None:
    finding = look("import sys; print('smoke test 3 failed', file=sys.stderr); sys.exit(7)")
    assert (finding.verdict, finding.symptom, finding.said) == (
        Verdict.BAD,
        "exit 7",
        "exit 7: smoke test 3 failed",
    )


def test_a_signal_is_named() -> None:
    assert look("import os; os.kill(os.getpid(), 15)").symptom == "killed by SIGTERM"


def test_at_the_timeout_its_whole_group_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys, time\n"
        "child = os.fork()\n"
        "if child: pathlib.Path(sys.argv[1]).write_text(str(child)); print('waiting', flush=True)\n"
        "time.sleep(600)"
    )
    finding = look(script, str(tmp_path / "child"), timeout_s=1.5)
    assert (finding.symptom, finding.said) == ("timeout", "did not end within 1.5 s: waiting")
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: _ended(child), "the grandchild's end")


def test_what_it_leaves_running_is_killed_too(tmp_path: Path) -> None:
    script = "import os, pathlib, sys, time\nchild = os.fork()\nif child: pathlib.Path(sys.argv[1]).write_text(str(child))\nelse: time.sleep(600)"
    assert look(script, str(tmp_path / "child")).ok
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: _ended(child), "the grandchild's end")


def test_its_environment_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOUT_TEST_SECRET", "hunter2")
    finding = look("import os; print(sorted(os.environ))", env={"MINE": "1"})
    assert "MINE" in finding.said
    assert "BACKOUT_TEST_SECRET" not in finding.said


def test_values_of_its_environment_are_masked() -> None:
    script = "import os, sys; sys.exit('cannot log in with ' + os.environ['PASSWORD'])"
    settings = {"argv": python(script), "env": {"PASSWORD": "hunter2"}}
    made = signal("command", **settings)
    assert made.observe(BLUE).said == "exit 1: cannot log in with ***"
    assert "hunter2" not in repr(made) + made.model_dump_json()


def test_it_runs_in_its_folder(tmp_path: Path) -> None:
    assert look("import os; print(os.getcwd())", cwd=str(tmp_path)).said == str(tmp_path)


@pytest.mark.parametrize("argv", [["/nowhere/validate-deployment.sh"], [os.devnull]])
def test_a_program_that_cannot_be_started_is_no_data(argv: list[str]) -> None:
    finding = signal("command", argv=argv).observe(BLUE)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said.startswith(f"{argv[0]} cannot be started: ")


def test_control_characters_are_not_said() -> None:
    assert look(r"print('\x1b[31mred\x07')").said == "[31mred"


def _ended(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
