"""Faults of a container on a real engine, as its users see them."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from domain.errors import CommandFailed
from examples.demo.ports import free_ports
from examples.demo.waiting import wait_until
from examples.faults.contract import Fault
from examples.faults.injection import Faults
from examples.faults.targets.container import Container
from tests.examples.faults.contract import LONG_SECONDS, PATIENCE_SECONDS, TargetContract

pytestmark = pytest.mark.engine
RELEASE = Path(__file__).with_name("switched.py")
ALWAYS = (Fault.CRASH_LOOP, Fault.FULL_DISK)
PATHS = {Fault.FAILING_HEALTH: "/health", Fault.FULL_DISK: "/write"}


class Running(NamedTuple):
    """A container, and where it answers."""

    name: str
    address: str


@pytest.fixture(scope="module")
def running(engine: object, base_image: str) -> Iterator[Running]:  # noqa: ARG001
    """The release, with a disk of 4 MiB."""
    name, [port] = f"backout-fault-{secrets.token_hex(4)}", free_ports(1)
    disk = ["--tmpfs", "/data:size=4m"]
    argv = [
        "docker",
        "run",
        "--detach",
        "--name",
        name,
        "--init",
        *disk,
        "--publish",
        f"127.0.0.1:{port}:8000",
    ]
    subprocess.run([*argv, base_image, "python3", "-c", RELEASE.read_text()], check=True, capture_output=True)
    try:
        yield Running(name, f"http://127.0.0.1:{port}")
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=True, capture_output=True)


class TestContainer(TargetContract):
    expires = Fault.PAUSED
    impossible = Fault.BAD_MIGRATION

    @pytest.fixture(autouse=True)
    def _on(self, running: Running) -> None:
        self.running = running
        wait_until(lambda: self.well(Fault.ERRORS), "the container's start", PATIENCE_SECONDS)

    def target(self) -> str:
        return f"container:{self.running.name}:/data"

    def well(self, fault: Fault) -> bool:
        return self.answers(PATHS.get(fault, "/"))

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """By somebody who is not us."""
        subprocess.run(["docker", "stop", "--time", "1", self.running.name], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run(["docker", "start", self.running.name], check=True, capture_output=True)

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(f"{self.running.address}{path}", timeout=2.0, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    @pytest.mark.parametrize(
        "fault",
        [
            fault if fault in ALWAYS else pytest.param(fault, marks=pytest.mark.full_matrix)
            for fault in Container.faults
        ],
    )
    def test_it_breaks_and_mends(self, faults: Faults, fault: Fault) -> None:
        self.breaks_and_mends(faults, fault)

    @pytest.mark.full_matrix
    def test_the_disk_of_one_that_stopped_meanwhile_is_emptied_and_it_is_not_started(
        self, faults: Faults
    ) -> None:
        faults.inject(self.target(), Fault.FULL_DISK, LONG_SECONDS)
        with self.stopped():
            assert faults.undo(self.target(), Fault.FULL_DISK)
            assert not self.answers("/")
        wait_until(lambda: self.answers("/write"), "room on the disk", PATIENCE_SECONDS)

    def test_what_was_stopped_by_others_is_not_started(self, faults: Faults) -> None:
        with self.stopped():
            for fault in (Fault.CRASH_LOOP, Fault.FULL_DISK, Fault.ERRORS):
                assert not faults.undo(self.target(), fault)
            assert not self.answers("/")

    def test_a_large_disk_is_not_filled(self, faults: Faults) -> None:
        with pytest.raises(CommandFailed, match="is not filled"):
            faults.inject(f"container:{self.running.name}:/", Fault.FULL_DISK, LONG_SECONDS)
        assert faults.injected() == []

    def test_one_that_is_gone_has_nothing_to_undo(self, faults: Faults) -> None:
        gone = "container:backout-fault-never-there"
        with pytest.raises(CommandFailed, match="no container backout-fault-never-there runs"):
            faults.inject(gone, Fault.ERRORS)
        assert not faults.undo(gone, Fault.CRASH_LOOP)
