"""Flows that the tests of this room deploy: small ones that say on disk what they do."""

import os
import signal
import time
from pathlib import Path
from typing import Annotated, Any

from prefect import Flow, State, flow
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field


class Answer(RunInput):
    decision: str


def say(folder: Path, word: str) -> None:
    with (folder / "said").open("a") as said:
        said.write(f"{time.time()} {os.getpid()} {word}\n")


def cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - by keyword
    say(Path(flow_run.parameters["folder"]), "cancelled")


@flow(on_cancellation=[cancelled])
def waits(folder: Path, until: str = "go") -> None:
    """Says that it began, and goes on when the file `until` is there."""
    say(folder, "began")
    while not (folder / until).exists():
        time.sleep(0.05)
    say(folder, "ended")


@flow
def watches(folder: Path) -> None:
    """Only looks, and goes on looking."""
    say(folder, "began")
    while True:
        time.sleep(5)


@flow
def dies_once(folder: Path) -> None:
    """Is killed the first time, and goes to its end the second time."""
    say(folder, "began")
    if not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    say(folder, "ended")


@flow
def fails(folder: Path) -> None:
    """Ends with an error of its own."""
    say(folder, "began")
    raise ValueError("on purpose")


@flow
def always_dies(folder: Path) -> None:
    """Is killed each time."""
    say(folder, "began")
    os.kill(os.getpid(), signal.SIGKILL)


@flow
def asks(folder: Path) -> None:
    """Suspends until somebody answers."""
    say(folder, "began")
    answer = suspend_flow_run(wait_for_input=Answer, key="consent", timeout=600)
    say(folder, f"answered {answer.decision}")


@flow
async def quick(
    folder: Annotated[Path, Field(title="Where", description="Where it says what it does.")], count: int = 1
) -> None:
    """An async flow that ends at once."""
    say(folder, f"began {count}")
