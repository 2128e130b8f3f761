"""A team's CI, in small: `python -m examples.demo.deploying FOLDER APP VERSION` puts a good release to users.

FOLDER is the stack's. The release goes into the idle slot, is recorded, and gets the traffic once it is healthy.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from blocks import configuration
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from examples.demo import document
from examples.demo.stack import Release, Stack
from tasks.look import at_slot


def deploy(folder: Path, application: str, version: str) -> str:
    """Deploy, record, switch; the slot. Raises `TimeoutError` where the release does not come up, and as Backout does."""
    stack = Stack.attach(folder)
    release = Release(version)
    migrations = stack.lay_out(release)
    entry = document.application(stack, dict.fromkeys(stack.slots, release), sys.executable)
    described = configuration.document({**entry, "name": application}, "the demo", stack.environment)
    platform = described.platform
    assert isinstance(platform, Processes)  # noqa: S101 - it is what the demo's document names
    route = platform.route()
    slot = next(name for name in stack.slots if name != route.slot)
    platform.deploy(slot, version, {"MIGRATIONS": str(migrations)})
    prepared = platform.prepare(slot, lambda one: at_slot(described, one))
    if not isinstance(prepared, Standing):
        raise TimeoutError(f"{slot} does not come up: {prepared}")
    record = ["record", application, version, "--slot", slot]
    subprocess.run([sys.executable, "-m", "deployments.cli", *record], check=True)
    platform.activate(slot, platform.route())
    return slot


def main() -> None:
    """Read the command line, deploy, say where."""
    parser = argparse.ArgumentParser(description="deploys a good release of the demo application")
    parser.add_argument("folder", type=Path)
    parser.add_argument("application")
    parser.add_argument("version")
    arguments = parser.parse_args()
    slot = deploy(arguments.folder, arguments.application, arguments.version)
    print(f"{arguments.version} serves from {slot}")


if __name__ == "__main__":
    main()
