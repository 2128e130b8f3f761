"""Aldeia back on its release before: Backout with the image present, beside the runbook's own commands.

Both start from the same release on the same host, in turn, under the same eye: a user who asks for the front page and the
backend's health ten times a second. Both times end when that user gets the old release of both; what was asked in between
and not answered well is the downtime. Verification comes after that in both, and is not timed.

The runbook's commands are its "Quick Rollback": down, checkout, build without cache, up. The backend's build installs its
database driver from Debian, as Aldeia's own installs its packages from npm.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Self

import httpx
import yaml

from benchmarks.record import Recording
from blocks.secrets import resolve
from examples.aldeia.stack import BASE, COMPOSE_FILE, FOLDER, UP_S, Stack, build_base
from examples.demo.waiting import wait_until

OLD, NEW = "v1.0.0", "v1.1.0"
ROUNDS = 5
LOOK_S = 0.1
CHECKOUT = Path(__file__).resolve().parents[1]


class Eye:
    """A user who looks again and again, from `started` on. `seen`: (seconds, the release, None where something failed)."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.started = time.monotonic()
        self.seen: list[tuple[float, str | None]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            at = time.monotonic() - self.started
            self.seen.append((at, _served(self._stack)))

    def has_seen(self, release: str) -> bool:
        """Whether users had it."""
        return any(found == release for _, found in self.seen)

    def sample(self) -> dict[str, float]:
        """Seconds until the old release was there, and without any."""
        back = next(at for at, found in self.seen if found == OLD)
        down = next((at for at, found in self.seen if found is None), back)
        return {"seconds": round(back, 2), "down": round(back - down, 2)}


def measure(rounds: int, base: str = BASE, project: str = "aldeia-bench") -> Recording:
    """Go back `rounds` times each way; seconds from the first command to the old release for users."""
    recording = Recording("aldeia")
    with tempfile.TemporaryDirectory(prefix="aldeia-bench-") as folder:
        stack = Stack.new(Path(folder), project, build_base(base))
        try:
            stack.start()
            for number in range(rounds + 1):
                for way, go_back in WAYS.items():
                    sample = {"way": way, **_watched(stack, go_back)}
                    # The first round builds the images that a rollback finds in place later.
                    recording.samples += [sample] if number else []
        finally:
            stack.stop()
    for way in WAYS:
        for figure, key in ((f"{way}_s", "seconds"), (f"{way}_down_s", "down")):
            taken = [sample[key] for sample in recording.samples if sample["way"] == way]
            recording.figures[figure] = round(median(taken), 2)
    return recording


def _watched(stack: Stack, go_back: Callable[[Stack], None]) -> dict[str, float]:
    _deploy_new(stack)
    with Eye(stack) as eye:
        go_back(stack)
        wait_until(lambda: eye.has_seen(OLD), f"{OLD} for users", UP_S)
    return eye.sample()


def _deploy_new(stack: Stack) -> None:
    """The newer release, deployed as the team does it, from the cache."""
    stack.repository.git("checkout", "--quiet", NEW)
    stack.deploy()
    wait_until(lambda: _served(stack) == NEW, f"{NEW} for users", UP_S)


def _served(stack: Stack) -> str | None:
    """The release that users get from both components; None where one fails, or they differ."""
    try:
        version = stack.health().get("version")
        return version if f"Release {version}<" in stack.page() else None
    except (httpx.TransportError, ValueError):
        return None


def _by_backout(stack: Stack) -> None:
    """The whole command, on this host alone: start-up, survey, evidence, prepare, switch, verification with its smoke test."""
    file = stack.checkout.parent / "backout.yaml"
    raw = yaml.safe_load((FOLDER / "backout.yaml").read_text())
    file.write_text(yaml.safe_dump(resolve(raw, "examples/aldeia/backout.yaml", stack.variables())))
    asked = [
        "--to",
        OLD,
        "--severity",
        "critical",
        "--reason",
        "a benchmark",
        "--break-glass",
        "--file",
        str(file),
    ]
    argv = [sys.executable, "-m", "deployments.cli", "rollback", "aldeia/production", *asked]
    home = {**os.environ, "BACKOUT_HOME": str(stack.checkout.parent / "home")}
    subprocess.run(argv, cwd=CHECKOUT, env=home, check=True, capture_output=True)


def _by_runbook(stack: Stack) -> None:
    """Aldeia "Quick Rollback (Emergency)", as it is written."""
    compose = stack.project.argv()
    for arguments in (["down"], ["checkout"], ["build", "--no-cache"], ["up", "-d"]):
        argv = ["git", "checkout", "--quiet", OLD] if arguments == ["checkout"] else [*compose, *arguments]
        subprocess.run(argv, cwd=stack.checkout, check=True, capture_output=True)


WAYS: dict[str, Callable[[Stack], None]] = {"backout": _by_backout, "runbook": _by_runbook}


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description=f"Aldeia ({COMPOSE_FILE}) back on its release before")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--base", default=BASE, help="a Debian 12 image")
    arguments = parser.parse_args()
    recording = measure(arguments.rounds, arguments.base)
    file = recording.write(recording.figures, "seconds")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
