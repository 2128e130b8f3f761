"""A `serve` process of the tests, and a client of what it serves."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from blocks.home import Home
from blocks.installation import serving
from deployments.catalog import ROOT

PATIENCE_SECONDS = 180
T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, as soon as it finds something true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


@dataclass
class Served:
    """A running `serve` on a home and a work pool of its own."""

    home: Home
    pool: str
    process: subprocess.Popen[bytes]
    serving: dict[str, Any] = field(default_factory=dict)

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.output()
            found = serving(self.home)
            return found is not None and found["pid"] == self.process.pid

        wait_for(ready, f"serve: {self.output()}")
        self.serving = json.loads(self.home.serve_file.read_text())

    def output(self) -> str:
        return (self.home.root / "output").read_text()

    def auth(self) -> str:
        return Path(self.serving["auth_file"]).read_text()

    @contextmanager
    def client(self) -> Iterator[SyncPrefectClient]:
        settings = {
            PREFECT_API_URL: self.serving["prefect_api_url"],
            PREFECT_API_AUTH_STRING: self.auth(),
            PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
        }
        with temporary_settings(settings), get_client(sync_client=True) as client:
            yield client


def start_serve(home: Home, pool: str = "backout", drain_seconds: float = 60, **environ: str) -> Served:
    """Start `serve` with the tests' flows; the caller waits for it and stops it."""
    home.ensure()
    with (home.root / "output").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.deployments.serve_under_test", pool, str(drain_seconds)],
            env=os.environ | {"BACKOUT_HOME": str(home.root)} | environ,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    return Served(home, pool, process)


def stop_serve(served: Served) -> int:
    """SIGTERM, and the exit code."""
    served.process.terminate()
    return served.process.wait(PATIENCE_SECONDS)


@dataclass
class Started:
    """A flow run of the tests, what it said on disk, and when."""

    served: Served
    client: SyncPrefectClient
    run: UUID
    folder: Path
    created: float

    def said(self) -> list[str]:
        file = self.folder / "said"
        return [line.split(" ", 2)[2] for line in file.read_text().splitlines()] if file.exists() else []

    def pid(self) -> int:
        """The process that spoke last."""
        return int((self.folder / "said").read_text().splitlines()[-1].split(" ")[1])

    def first_line_seconds(self) -> float:
        return float((self.folder / "said").read_text().split(" ", 1)[0]) - self.created

    def wait_said(self, words: str) -> None:
        wait_for(lambda: words in self.said(), f"{words!r} of {self.state()}; {self.served.output()[-2000:]}")

    def let_go(self) -> None:
        (self.folder / "go").touch()

    def read(self) -> FlowRun:
        return self.client.read_flow_run(self.run)

    def state(self) -> str:
        state = self.read().state
        return (state.name or "") if state else "none"

    def wait_state(self, *names: str) -> None:
        wait_for(
            lambda: self.state() in names, f"{names}, it is {self.state()}: {self.served.output()[-2000:]}"
        )

    def history(self) -> list[str]:
        return [state.name or "" for state in self.client.read_flow_run_states(self.run)]


def start_run(served: Served, client: SyncPrefectClient, deployment: str, folder: Path) -> Started:
    """Create a run of one of the tests' deployments, by its short name."""
    flow = {"urgent": "quick"}.get(deployment, deployment.replace("_", "-"))
    found = client.read_deployment_by_name(f"{flow}/{served.pool}-{deployment}")
    folder.mkdir()
    created = time.time()
    run = client.create_flow_run_from_deployment(found.id, parameters={"folder": str(folder)})
    return Started(served, client, run.id, folder, created)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
