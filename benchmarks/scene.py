"""Where a rollback is measured: the demo's application with both releases good, and a warm `backout serve`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blocks import configuration
from blocks.home import Home
from blocks.installation import Installation, installation, serving
from blocks.platforms.processes import Processes
from blocks.store.waiting import open_incidents
from deployments.prefect_api import PrefectApi
from examples.demo.document import APPLICATION
from examples.demo.stack import Release, Stack
from examples.demo.waiting import wait_until

OLD, NEW = "1.0", "2.0"
OLD_SLOT, NEW_SLOT = "blue", "green"
CHECKOUT = Path(__file__).resolve().parents[1]
CLI = [sys.executable, "-m", "deployments.cli"]
STOP_SECONDS = 180
QUIET_SECONDS = 180
LIVING = ("PENDING", "RUNNING")


@dataclass
class Scene:
    """The application, and Backout beside it. The environment is this process's own."""

    stack: Stack
    platform: Processes
    here: Installation
    api: PrefectApi

    def release_new(self) -> None:
        """Traffic to the new release, as a deployment would; waits until nothing of Backout runs any more."""
        self.wait_until_quiet()
        self.platform.activate(NEW_SLOT, self.platform.route())

    def switched_at(self) -> float:
        """When the old release got the traffic: the placeholder file's own time, seconds since the epoch.

        Raises:
            RuntimeError: the old release does not serve.
        """
        serving_now = self.platform.route().slot
        if serving_now != OLD_SLOT:
            raise RuntimeError(f"{serving_now} serves, not {OLD_SLOT}")
        return self.stack.active_file.stat().st_mtime

    def wait_until_quiet(self) -> None:
        """Until no incident is open, and no run goes on, or is to start. Raises TimeoutError."""
        wait_until(self._quiet, "the runs to end", QUIET_SECONDS)

    def _quiet(self) -> bool:
        return not open_incidents(self.here.store.database) and not self._living()

    def _living(self) -> list[dict[str, Any]]:
        """Runs that go on, or are due. Schedules and follow-ups of later days, hundreds of them, wait quietly."""
        going_on = {"state": {"type": {"any_": LIVING}}}
        due = {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"before_": datetime.now(UTC).isoformat()},
        }
        found = [
            self.api.call("POST", "/flow_runs/filter", {"flow_runs": one, "limit": 1})
            for one in (going_on, due)
        ]
        return [run for runs in found for run in runs]


@contextmanager
def scene(*, weighted: bool = False) -> Iterator[Scene]:
    """Stack and `serve` up, both releases running and recorded, the old one having served before.

    `weighted`: traffic can be shared out between the slots.
    """
    with tempfile.TemporaryDirectory(prefix="emergency-") as folder:
        root = Path(folder)
        root.chmod(0o711)
        home = Home(root / "home")
        stack = Stack(root / "stack", weighted=weighted).up()
        try:
            with _environment(home, stack), _served(home, root / "serve.log"), installation(home) as here:
                yield _applied(stack, here, home)
        finally:
            stack.down()


@contextmanager
def _environment(home: Home, stack: Stack) -> Iterator[None]:
    """This process, and what it starts, knows nothing of the user's own Prefect and Backout."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(("PREFECT_", "BACKOUT_"))]:
        del os.environ[name]
    os.environ.update(stack.environment, BACKOUT_HOME=str(home.root))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _served(home: Home, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen([*CLI, "serve"], cwd=CHECKOUT, stdout=output, stderr=output)
    try:
        wait_until(lambda: serving(home) is not None or process.poll() is not None, "backout serve", 120)
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _applied(stack: Stack, here: Installation, home: Home) -> Scene:
    changes: dict[str, Any] = {
        "policy": {"preset": "flappyjournal", "watch_s": 1, "emergency_watch_s": 1},
        "watch": {"enabled": False},
    }
    file = stack.write_backout_yaml(Release(OLD), Release(NEW), **changes)
    described = configuration.read([file])[0]
    platform = configuration.document(described.raw, described.source, {}).platform
    if not isinstance(platform, Processes):
        raise TypeError(f"the demo's platform is {platform.kind}, not processes")
    for slot in (OLD_SLOT, NEW_SLOT):
        platform.start(slot)
    run_cli("apply", str(file))
    run_cli("record", APPLICATION, OLD, "--slot", OLD_SLOT)
    run_cli("record", APPLICATION, NEW, "--slot", NEW_SLOT)
    return Scene(stack, platform, here, PrefectApi.find(home))


def run_cli(*arguments: str) -> None:
    """One command of the CLI; raises CalledProcessError, with its output on ours, where it fails."""
    subprocess.run([*CLI, *arguments], cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
