"""Faults of the application's database, as the application and its users see them."""

import psycopg
import pytest

from examples.demo.stack import DATABASE_VARIABLE, Stack
from examples.faults.contract import Fault
from examples.faults.injection import Faults
from tests.examples.demo_slots import Running
from tests.examples.faults.contract import TargetContract


class TestPostgreSQL(TargetContract):
    expires = Fault.DEAD_DEPENDENCY
    impossible = Fault.FULL_DISK

    @pytest.fixture(autouse=True)
    def _on(self, stack: Stack, slot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack, self.slot = stack, slot
        monkeypatch.setenv(DATABASE_VARIABLE, stack.database_url)

    def target(self) -> str:
        return f"postgresql:{DATABASE_VARIABLE}"

    def well(self, fault: Fault) -> bool:  # noqa: ARG002
        try:
            with psycopg.connect(self.stack.database_url, connect_timeout=5):
                return self.slot.client.get("/api/health").status_code == 200
        except psycopg.OperationalError:
            return False

    @pytest.mark.parametrize("fault", [Fault.EXHAUSTED_CONNECTIONS, Fault.BAD_MIGRATION])
    def test_it_breaks_and_mends(self, faults: Faults, fault: Fault) -> None:
        self.breaks_and_mends(faults, fault)
