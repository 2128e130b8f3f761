"""The `container_resources` signal on a real Docker engine."""

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blocks.containers.container import PROJECT, SERVICE, of_project
from blocks.containers.load import Load, loads
from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

RUN = f"backout-load-{secrets.token_hex(3)}"
MIB = 1024**2
BUSY = "held = b'x' * 40_000_000\nwhile True: pass"
IDLE = "import time\ntime.sleep(600)"
ENDED = "print('over')"
BLUE, GREEN = Place("blue", None, slot="blue"), Place("green", None, slot="green")
pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def client(engine: "DockerClient", base_image: str) -> Iterator["DockerClient"]:
    """Green is idle. Blue keeps its tenth of a CPU busy and holds more than half of its memory; a third has ended."""
    made = [
        _made(engine, base_image, service, script)
        for service, script in (("green", IDLE), ("blue", BUSY), ("ended", ENDED))
    ]
    try:
        wait_until(partial(_holds_its_memory, engine), "the container that is busy")
        yield engine
    finally:
        for one in made:
            one.remove(force=True)


def _made(engine: "DockerClient", image: str, service: str, script: str) -> Any:
    return engine.containers.run(
        image,
        ["python3", "-I", "-S", "-c", script],
        name=f"{RUN}-{service}",
        labels={PROJECT: RUN, SERVICE: service},
        detach=True,
        init=True,
        network_mode="none",
        nano_cpus=100_000_000,
        mem_limit=64 * MIB,
    )


def _holds_its_memory(engine: "DockerClient") -> bool:
    found = loads(engine, of_project(engine, RUN, ["blue"]))
    return any(load.memory_share > 60 for load in found.values())


def look(place: Place, **settings: Any) -> Finding:
    given = {"measure": "memory", "containers": [f"{RUN}-{{slot}}"], "first_s": 1.0, **settings}
    return signal("container_resources", **given).observe(place)


@pytest.mark.usefixtures("client")
class TestContainerResources(SignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {
            "kind": "container_resources",
            "measure": "memory",
            "containers": [f"{RUN}-{{slot}}"],
            "above": 50,
        }

    @pytest.fixture
    def well(self) -> Place:
        return GREEN

    @pytest.fixture
    def ill(self) -> Place:
        return BLUE

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("router", "http://127.0.0.1:1")


@pytest.mark.usefixtures("client")
def test_memory_is_held_against_the_containers_own_limit() -> None:
    finding = look(BLUE, above=50)
    assert (finding.verdict, finding.symptom, finding.unit) == (Verdict.BAD, "memory high", "%")
    assert f"{RUN}-blue uses " in finding.said
    assert "% of 0.06 GiB" in finding.said


@pytest.mark.usefixtures("client")
def test_cpu_is_measured_in_percent_of_what_the_container_may_use() -> None:
    busy, idle = look(BLUE, measure="cpu", above=50), look(GREEN, measure="cpu", above=50)
    assert (busy.verdict, busy.symptom) == (Verdict.BAD, "cpu high")
    assert "% of 0.1 CPUs" in busy.said
    assert idle.ok
    assert idle.value == pytest.approx(0, abs=20)


@pytest.mark.usefixtures("client")
def test_a_second_look_measures_since_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made = signal("container_resources", measure="cpu", containers=[f"{RUN}-blue"], first_s=0.2)
    made.observe(BLUE)
    monkeypatch.setattr("blocks.growth.time.sleep", partial(pytest.fail, "it waited"))
    assert made.observe(BLUE).value is not None


@pytest.mark.usefixtures("client")
def test_the_fullest_of_a_projects_services_counts() -> None:
    finding = look(BLUE, project=RUN, containers=["green", "blue", "ended"])
    assert finding.said.startswith(f"{RUN}-blue uses ")
    assert finding.said.endswith(", the most of 2")


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("service", ["ended", "never-there"])
def test_one_that_does_not_run_is_no_data(service: str) -> None:
    finding = look(BLUE, containers=[f"{RUN}-{service}"])
    assert (finding.verdict, finding.said) == (
        Verdict.NO_DATA,
        f"no container runs of {RUN}-{service}",
    )


def test_an_engine_that_does_not_answer_is_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    finding = look(BLUE)
    assert finding.verdict is Verdict.NO_DATA
    assert "No such file" in finding.said


def test_shares_are_of_what_may_be_used() -> None:
    before = Load("a", at=100, cpu_s=1.0, cpus=0.5, memory=32, memory_limit=128)
    now = Load("a", at=110, cpu_s=3.5, cpus=0.5, memory=32, memory_limit=0)
    assert (now.cpu_share(before), before.memory_share, now.memory_share) == (50, 25, 0)


@pytest.mark.parametrize(
    "settings",
    [
        {"containers": []},
        {"containers": ["--all"]},
        {"containers": ["{version}"]},
        {"measure": "disk"},
        {"project": ""},
    ],
)
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        signal("container_resources", **{"measure": "cpu", "containers": ["shop"], **settings})
