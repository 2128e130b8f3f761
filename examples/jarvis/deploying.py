"""What Jarvis' CI does: back the database up and migrate it where it must, deploy, and tell Backout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from domain.errors import CommandFailed
from examples.jarvis.release import COLORS, NEVER_READY, Version
from examples.jarvis.stack import Stack

CHECKOUT = Path(__file__).parents[2]
APPLICATION, BLUE_GREEN = "jarvis/production", "jarvis/blue-green"
STALLED_S = 8
"""A CI waits minutes for pods; here it is known that they do not come."""


def deploy(stack: Stack, version: Version) -> None:
    """In place, as a CI does that does not look at what users get. With a migration: the database first."""
    if version.migrates:
        backout(stack, "db", "backup", APPLICATION, "--label", "pre-migration")
        stack.migrate(version)
    stack.deploy(version, wait=version.fault not in NEVER_READY)


def deploy_to_idle(stack: Stack, version: Version) -> str:
    """Blue/green: into the colour without traffic, then the traffic to it; the colour.

    Raises:
        CommandFailed: its pods did not get ready; traffic stays where it was.
    """
    color = next(one for one in COLORS if one != stack.live_color())
    stack.kubectl.apply([stack.release(version).colored(color)])
    stack.kubectl.rolled_out(f"jarvis-api-{color}", STALLED_S if version.fault in NEVER_READY else 300)
    stack.give_traffic_to(color)
    return color


def record(stack: Stack, application: str, version: Version, slot: str) -> None:
    """`backout record`, as a CI calls it after a deployment. Raises CommandFailed."""
    print(backout(stack, "record", application, version.name, "--slot", slot))


def backout(stack: Stack, *arguments: str) -> str:
    """What a command of Backout printed. Raises CommandFailed."""
    argv = [sys.executable, "-m", "deployments.cli", *arguments]
    environment = {**os.environ, **stack.variables()}
    done = subprocess.run(argv, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(
            argv=["backout", *arguments], exit_code_seen=done.returncode, output=done.stdout + done.stderr
        )
    return done.stdout.strip()
