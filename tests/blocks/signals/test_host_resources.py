"""The `host_resources` signal on this very host."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import ValidationError

from blocks import host_usage
from blocks.host_usage import CpuTime
from blocks.hosts.local import Local
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.hosts.sshd import Sshd, ended, started
from tests.blocks.signals.contract import SignalContract, signal

HERE = Place("router", None)


def look(measure: str, **settings: Any) -> Finding:
    return signal("host_resources", measure=measure, **settings).observe(HERE)


class TestHostResources(SignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "host_resources", "measure": "disk", "above": 100}

    @pytest.fixture
    def well(self) -> Place:
        return HERE

    @pytest.fixture
    def ill(self, settings: dict[str, Any]) -> Place:
        settings["above"] = 0
        return HERE

    @pytest.fixture
    def unmeasured(self, settings: dict[str, Any]) -> Place:
        settings["path"] = "/nowhere"
        return HERE


@pytest.mark.parametrize(
    ("measure", "symptom"), [("cpu", "cpu high"), ("memory", "memory high"), ("disk", "disk of / full")]
)
def test_each_is_a_share_and_held_against_its_limit(measure: str, symptom: str) -> None:
    made = signal("host_resources", measure=measure, first_s=0.1)
    finding = made.observe(HERE)
    assert finding.value is not None
    assert (finding.verdict, finding.unit, 0 <= finding.value <= 100) == (Verdict.OK, "%", True)
    assert look(measure, first_s=0.1, below=101).symptom == symptom


def test_memory_is_what_the_system_says() -> None:
    assert look("memory").value == pytest.approx(psutil.virtual_memory().percent, abs=10)


def test_the_disk_is_that_of_the_path(tmp_path: Path) -> None:
    finding = look("disk", path=str(tmp_path))
    assert finding.value == pytest.approx(psutil.disk_usage(str(tmp_path)).percent, abs=5)
    assert str(tmp_path) in finding.said


def test_cpu_is_measured_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = iter([CpuTime(100, 10), CpuTime(101, 10.5), CpuTime(111, 19.5)])
    monkeypatch.setattr("blocks.host_usage.cpu_time", lambda *_: next(seen))
    made = signal("host_resources", measure="cpu", first_s=0.01, above=80)
    assert made.observe(HERE).value == pytest.approx(50)
    monkeypatch.setattr("blocks.growth.time.sleep", partial(pytest.fail, "it waited"))
    second = made.observe(HERE)
    assert second.value == pytest.approx(90)
    assert second.verdict is Verdict.BAD
    assert second.said == "the CPU is 90.0 % busy (above 80)"


def test_the_clock_can_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blocks.host_usage.cpu_time", lambda *_: CpuTime(100, 10))
    assert look("cpu", first_s=0.01).verdict is Verdict.NO_DATA


def test_nobody_works_longer_than_there_is_time() -> None:
    now = host_usage.cpu_time(Local(), 1)
    assert 0 < now.busy < now.total


def test_two_that_are_set_alike_are_equal_whatever_they_have_seen() -> None:
    one, other = (signal("host_resources", measure="cpu", first_s=0.01) for _ in range(2))
    one.observe(HERE)
    assert one == other


def by_ssh(sshd: Sshd) -> dict[str, Any]:
    return sshd.host().model_dump(mode="json")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = started(tmp_path_factory.mktemp("ssh") / "sshd")
    yield server
    ended(server)


@pytest.mark.parametrize(("measure", "apart"), [("cpu", 100), ("memory", 10), ("disk", 5)])
def test_another_machine_says_the_same_by_ssh(sshd: Sshd, measure: str, apart: float) -> None:
    here, there = look(measure, first_s=0.1), look(measure, first_s=0.1, host=by_ssh(sshd))
    assert (there.verdict, there.unit) == (Verdict.OK, "%")
    assert there.value == pytest.approx(here.value, abs=apart)
    assert f"on {sshd.host().named}" in there.said


def test_a_path_that_another_machine_does_not_have_is_no_data(sshd: Sshd) -> None:
    finding = look("disk", host=by_ssh(sshd), path="/nowhere")
    assert finding.verdict is Verdict.NO_DATA
    assert "df -P -k -- /nowhere: ended with 1" in finding.said


def test_a_machine_that_does_not_answer_is_no_data(sshd: Sshd, nobody: Place) -> None:
    port = int((nobody.url or "").rpartition(":")[2])
    finding = look("memory", host={**by_ssh(sshd), "port": port})
    assert (finding.verdict, len(finding.said.splitlines())) == (Verdict.NO_DATA, 1)


@pytest.mark.parametrize(
    "settings",
    [{}, {"measure": "gpu"}, {"measure": "disk", "path": "data"}, {"measure": "cpu", "first_s": 0}],
)
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        signal("host_resources", **settings)
