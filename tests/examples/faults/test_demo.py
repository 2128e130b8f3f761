"""Faults of the demo application, on a slot that runs."""

import os
import subprocess
import sys
import uuid

import httpx
import pytest

from examples.demo.stack import Release, Stack
from examples.demo.waiting import wait_until
from examples.faults.contract import Fault
from examples.faults.injection import Faults
from examples.faults.targets.demo import Demo
from tests.examples.demo_slots import CHECKOUT, Running, running
from tests.examples.faults.contract import LONG_SECONDS, TargetContract

IN_HEALTH = {
    Fault.ERRORS: "api",
    Fault.FAILING_HEALTH: "api",
    Fault.DEAD_DEPENDENCY: "chat",
    Fault.FULL_DISK: "disk",
}


class TestDemo(TargetContract):
    expires = Fault.FULL_DISK
    impossible = Fault.BAD_MIGRATION

    @pytest.fixture(autouse=True)
    def _on(self, stack: Stack, slot: Running) -> None:
        self.stack, self.slot = stack, slot

    def target(self) -> str:
        return f"demo:{self.stack.state_folder('blue')}"

    def well(self, fault: Fault) -> bool:
        seen = self.slot.client.get("/api/health").json()
        check: str = seen["checks"].get(IN_HEALTH.get(fault, "api"), "ok")
        return bool(seen["status"] == "healthy" and check == "ok")

    def shows(self, fault: Fault) -> None:
        super().shows(fault)
        assert self.slot.client.get("/api/health").json()["checks"][IN_HEALTH[fault]] == "failed"

    @pytest.mark.parametrize("fault", list(IN_HEALTH))
    def test_it_breaks_and_mends(self, faults: Faults, fault: Fault) -> None:
        self.breaks_and_mends(faults, fault)

    def test_what_is_written_on_a_full_disk_is_refused_and_nothing_is_lost(self, faults: Faults) -> None:
        person = {"email": f"{uuid.uuid4().hex}@example.test", "password": "correct horse"}
        client = self.slot.client
        client.post("/api/auth/register", json=person).raise_for_status()
        token = client.post("/api/auth/login", json=person).json()["token"]
        session, draft = {"Authorization": f"Bearer {token}"}, {"title": "a day", "body": "long"}
        assert client.post("/api/journal", json=draft, headers=session).status_code == 201
        noted = (self.stack.state_folder("blue") / "spool").read_bytes()
        faults.inject(self.target(), Fault.FULL_DISK, LONG_SECONDS)
        assert client.post("/api/journal", json=draft, headers=session).status_code == 507
        faults.undo(self.target(), Fault.FULL_DISK)
        assert (self.stack.state_folder("blue") / "spool").read_bytes() == noted
        assert client.post("/api/journal", json=draft, headers=session).status_code == 201

    def test_each_request_is_late(self, faults: Faults) -> None:
        faults.inject(self.target(), Fault.LATENCY, LONG_SECONDS)
        with pytest.raises(httpx.ReadTimeout):
            self.slot.client.get("/", timeout=1.0)
        faults.undo(self.target(), Fault.LATENCY)
        assert self.slot.client.get("/").status_code == 200

    def test_it_exits_and_again_after_each_start(self, faults: Faults) -> None:
        place = str(self.stack.folder / "crashing")
        with running(self.stack, "green", Release("1.0.0"), STATE_FOLDER=place) as green:
            faults.inject(f"demo:{place}", Fault.CRASH_LOOP, LONG_SECONDS)
            wait_until(lambda: _away(green), "the crash")
            own = {"APP_VERSION": "1.0.0", "SLOT": "green", "DATABASE_URL": self.stack.database_url}
            again = subprocess.run(
                [sys.executable, "-m", "examples.demo.application", "--port", str(green.slot.port)],
                env={**os.environ, **own, "STATE_FOLDER": place},
                cwd=CHECKOUT,
                capture_output=True,
                timeout=120,
                check=False,
            )
        assert again.returncode == 1
        assert b"out of memory" in again.stdout

    def test_the_application_itself_ends_what_is_over(self) -> None:
        with Demo(str(self.stack.state_folder("blue"))).inject(Fault.ERRORS, until=0.0):
            assert self.well(Fault.ERRORS)
        Demo(str(self.stack.state_folder("blue"))).undo(Fault.ERRORS)


def _away(running: Running) -> bool:
    try:
        running.client.get("/api/health")
    except httpx.TransportError:
        return True
    return False
