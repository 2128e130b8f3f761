"""The `smoke_result` signal on files as real tools write them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks import smoke_files
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal

BLUE, GREEN, RED = (Place(slot, None, slot=slot) for slot in ("blue", "green", "red"))
CYPRESS = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Mocha Tests" time="4.1" tests="3" failures="2">
  <testsuite name="Root Suite" timestamp="2026-11-22T10:00:00" tests="0" failures="0"/>
  <testsuite name="journal" tests="3" failures="2">
    <testcase name="journal logs in" classname="logs in" time="1.2"/>
    <testcase name="journal &lt;writes&gt;" classname="writes" time="0.9">
      <failure message="expected 201" type="AssertionError"><![CDATA[token hunter2]]></failure>
    </testcase>
    <testcase name="journal reads&#10;back"><error/><error/></testcase>
    <testcase name="journal exports"><skipped/></testcase>
  </testsuite>
</testsuites>
"""
GOOD = '<testsuite tests="1"><testcase name="logs in"/></testsuite>'
BAD = '<testsuite tests="1"><testcase name="logs in"><failure/></testcase></testsuite>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
PYTEST = "def test_up(): pass\ndef test_login(): assert False\n"


def look(file: Path, place: Place = BLUE, **settings: Any) -> Finding:
    return signal("smoke_result", file=str(file), **settings).observe(place)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "smoke.xml"


class TestSmokeResult(SignalContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, Any]:
        return {"kind": "smoke_result", "file": str(tmp_path / "smoke-{slot}.xml")}

    @pytest.fixture
    def well(self, tmp_path: Path) -> Place:
        (tmp_path / "smoke-blue.xml").write_text(GOOD)
        return BLUE

    @pytest.fixture
    def ill(self, tmp_path: Path) -> Place:
        (tmp_path / "smoke-green.xml").write_text(BAD)
        return GREEN

    @pytest.fixture
    def unmeasured(self) -> Place:
        return RED


def test_failures_and_errors_are_counted_once_a_test_and_the_first_is_named(written: Path) -> None:
    written.write_text(CYPRESS)
    finding = look(written)
    assert (finding.verdict, finding.value, finding.unit) == (Verdict.BAD, 2.0, "count")
    assert finding.said == "2 of 4 tests failed: journal <writes>, journal reads back"
    assert finding.symptom == "smoke journal <writes>"
    assert "hunter2" not in finding.model_dump_json()


def test_what_pytest_itself_writes(tmp_path: Path, written: Path) -> None:
    (tmp_path / "test_shop.py").write_text(PYTEST)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={written}", "."]
    environment = {"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert look(written).said == "1 of 2 tests failed: test_login"


def test_some_may_fail(written: Path) -> None:
    written.write_text(CYPRESS)
    finding = look(written, at_most=2)
    assert (finding.verdict, finding.value) == (Verdict.OK, 2.0)


def test_an_old_file_says_nothing_any_more(written: Path) -> None:
    written.write_text(BAD)
    then = time.time() - 7200
    os.utime(written, (then, then))
    finding = look(written)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said.endswith("s ago (at most 3600 s)")
    assert look(written, max_age_s=9000).bad


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no XML: no element found"),
        ("<testsuite><testcase", "is no XML"),
        ("{}", "is no XML"),
        ('<testsuite tests="3"/>', "holds no test"),
        (LAUGHS, "declares entities"),
    ],
)
def test_what_is_no_result_is_no_data(written: Path, content: str, said: str) -> None:
    written.write_text(content)
    finding = look(written)
    assert finding.verdict is Verdict.NO_DATA
    assert said in finding.said


def test_a_file_that_is_too_long_or_a_folder_is_no_data(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written.write_text(GOOD)
    monkeypatch.setattr("blocks.signals.smoke_result.LONGEST", 10)
    assert "is longer than 10 bytes" in look(written).said
    assert look(tmp_path).said == f"{tmp_path}: Is a directory"


def test_a_slot_that_is_not_known_is_no_data(tmp_path: Path) -> None:
    finding = look(tmp_path / "{slot}.xml", Place("router", "http://127.0.0.1:1"))
    assert finding.said == "the slot behind router is not known"


@pytest.mark.parametrize(
    ("found", "keys", "verdict", "said"),
    [
        ({"failed": 0}, {}, Verdict.OK, "0 tests failed"),
        ({"failed": 2}, {}, Verdict.BAD, "2 tests failed"),
        ({"failed": ["a", "b"]}, {}, Verdict.BAD, "2 tests failed"),
        (
            {"stats": {"failures": 1, "tests": 9}},
            {"failed": "stats.failures", "total": "stats.tests"},
            Verdict.BAD,
            "1 of 9 tests failed",
        ),
        ({"failed": 0, "total": 0}, {"total": "total"}, Verdict.NO_DATA, "holds no test"),
        ({"failures": 0}, {}, Verdict.NO_DATA, "holds no number at failed"),
        ({"failed": True}, {}, Verdict.NO_DATA, "holds no number at failed"),
        ({"failed": -1}, {}, Verdict.NO_DATA, "holds no number at failed"),
        ([], {}, Verdict.NO_DATA, "holds no number at failed"),
    ],
)
def test_numbers_in_json(
    tmp_path: Path, found: Any, keys: dict[str, str], verdict: Verdict, said: str
) -> None:
    file = tmp_path / "smoke.json"
    file.write_text(json.dumps(found))
    finding = look(file, BLUE, **keys)
    assert finding.verdict is verdict
    assert said in finding.said


def test_json_that_is_none_is_no_data(tmp_path: Path) -> None:
    file = tmp_path / "smoke.out"
    file.write_text("[" * 100_000)
    finding = look(file, format="json")
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, f"{file} is no JSON")


def test_only_the_first_failures_are_named() -> None:
    failed = "".join(f'<testcase name="{number}"><failure/></testcase>' for number in range(9))
    results = smoke_files.of_junit(f"<testsuite>{failed}</testsuite>".encode())
    assert (results.total, results.failed, results.names) == (9, 9, ["0", "1", "2"])


@pytest.mark.parametrize(
    "settings",
    [
        {"file": "smoke.xml"},
        {"file": "/smoke.xml", "failed": "stats.failures"},
        {"file": "/smoke.json", "format": "yaml"},
        {"file": "/smoke.xml", "max_age_s": 0},
        {"file": "/smoke.xml", "at_most": -1},
        {},
    ],
)
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        signal("smoke_result", **settings)
