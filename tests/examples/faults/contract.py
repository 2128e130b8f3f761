"""What holds for every target: it breaks, mends, mends itself, and does nothing twice."""

import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from domain.errors import ConfigurationError, Conflict
from examples.demo.waiting import wait_until
from examples.faults.contract import Fault
from examples.faults.injection import Faults, read

CHECKOUT = Path(__file__).resolve().parents[3]
SHORT_SECONDS = 1.0
LONG_SECONDS = 300.0
PATIENCE_SECONDS = 120.0


class TargetContract(ABC):
    """The shared suite; a subclass says which target, and how its users are."""

    expires: Fault
    """The one that is left to its deadline."""

    @abstractmethod
    def target(self) -> str:
        """`KIND:PLACE`."""

    @abstractmethod
    def well(self, fault: Fault) -> bool:
        """Whether users see nothing of this fault."""

    def shows(self, fault: Fault) -> None:
        wait_until(lambda: not self.well(fault), f"{fault} to show", PATIENCE_SECONDS)

    def gone(self, fault: Fault) -> None:
        wait_until(lambda: self.well(fault), f"{fault} to be gone", PATIENCE_SECONDS)

    def breaks_and_mends(self, faults: Faults, fault: Fault) -> None:
        assert self.well(fault)
        faults.inject(self.target(), fault, LONG_SECONDS)
        self.shows(fault)
        assert [(one.target, one.fault) for one in faults.injected()] == [(self.target(), fault)]
        with pytest.raises(Conflict):
            faults.inject(self.target(), fault)
        assert faults.undo(self.target(), fault)
        self.gone(fault)
        assert faults.injected() == []
        assert not faults.undo(self.target(), fault)
        self.gone(fault)

    def test_it_ends_at_its_deadline_though_the_injector_was_killed(self, faults: Faults) -> None:
        with injector(faults, self.target(), self.expires, SHORT_SECONDS) as killed:
            wait_until(lambda: has_keeper(faults), "the keeper's start", PATIENCE_SECONDS)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
        wait_until(lambda: not list(faults.folder.glob("*.json")), "the keeper's end", PATIENCE_SECONDS)
        [log] = faults.folder.glob("*.log")
        assert log.read_text() == f"{self.target()} has {self.expires}\n"
        self.gone(self.expires)

    def test_it_is_undone_though_its_keeper_was_killed(self, faults: Faults) -> None:
        kept = faults.inject(self.target(), self.expires, LONG_SECONDS).keeper
        assert kept is not None
        os.kill(kept.pid, signal.SIGKILL)
        wait_until(lambda: faults.injected() == [], "the sweep")
        self.gone(self.expires)

    def test_a_fault_that_it_cannot_have_is_refused(self, faults: Faults) -> None:
        with pytest.raises(ConfigurationError, match="cannot have"):
            faults.inject(self.target(), self.impossible)
        assert faults.injected() == []

    impossible: Fault


def has_keeper(faults: Faults) -> bool:
    """Whether the process that will undo it runs; it may be over by now."""
    found = [read(file) for file in faults.folder.glob("*.json")]
    return any(one.keeper for one in found if one) or any(
        log.stat().st_size for log in faults.folder.glob("*.log")
    )


def injector(faults: Faults, target: str, fault: Fault, seconds: float) -> subprocess.Popen[bytes]:
    """`python -m examples.faults inject`, running."""
    argv = [sys.executable, "-m", "examples.faults", "inject", target, fault, "--for", str(seconds)]
    home = str(faults.folder.parent.parent)
    return subprocess.Popen(argv, cwd=CHECKOUT, env={**os.environ, "BACKOUT_HOME": home})
