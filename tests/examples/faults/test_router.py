"""A toxic upstream behind a real Caddy, as users see it."""

import httpx
import pytest

from examples.demo.stack import Stack
from examples.faults.contract import Fault
from examples.faults.injection import Faults
from tests.examples.demo_slots import Running, switch
from tests.examples.faults.contract import LONG_SECONDS, TargetContract


class TestRouter(TargetContract):
    expires = Fault.ERRORS
    impossible = Fault.FULL_DISK

    @pytest.fixture(autouse=True)
    def _on(self, stack: Stack, slot: Running) -> None:
        self.stack, self.slot = stack, slot

    def target(self) -> str:
        return f"router:{self.stack.active_file}"

    def well(self, fault: Fault) -> bool:  # noqa: ARG002
        try:
            return httpx.get(self.stack.address, timeout=2.0, trust_env=False).status_code == 200
        except httpx.TimeoutException:
            return False

    @pytest.mark.parametrize("fault", [Fault.LATENCY, Fault.DEAD_DEPENDENCY])
    def test_it_breaks_and_mends(self, faults: Faults, fault: Fault) -> None:
        self.breaks_and_mends(faults, fault)

    def test_a_switch_that_was_made_meanwhile_stays(self, faults: Faults) -> None:
        faults.inject(self.target(), Fault.ERRORS, LONG_SECONDS)
        switch(self.stack, "green")
        faults.undo(self.target(), Fault.ERRORS)
        assert self.stack.active_file.read_text() == self.stack.slots["green"].dial
        switch(self.stack, "blue")
