"""A folder of faults of the test's own, all of them undone at its end, and one slot of the demo that runs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.home import Home
from examples.demo.stack import Release, Stack
from examples.faults.injection import Faults
from tests.examples.demo_slots import Running, running


@pytest.fixture
def faults() -> Iterator[Faults]:
    # Short: a home has sockets below.
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        made = Faults(Home(Path(folder)).ensure().state / "faults")
        yield made
        for one in made.injected():
            made.undo(one.target, one.fault)


@pytest.fixture(scope="module")
def slot(stack: Stack) -> Iterator[Running]:
    """Blue, behind the stack's router."""
    with running(stack, "blue", Release("1.0.0"), STATE_FOLDER=str(stack.state_folder("blue"))) as blue:
        yield blue
