"""What FlappyJournal's own deploy script does: the new release goes into the idle slot, is looked at, and gets the traffic."""

from __future__ import annotations

import os
import subprocess
import sys

from domain.errors import CommandFailed
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import DeployStopped, Stack

RECORD_S = 60.0


def deploy(stack: Stack, version: Version, *, force: bool = False, wait_s: float = 30.0) -> str:
    """Put a release into the idle slot and give it the traffic; the slot's name.

    Args:
        stack: a stack that stands.
        version: what is built and deployed.
        force: whether it gets the traffic unhealthy too, as by a script that does not look.
        wait_s: how long it has to become healthy.

    Raises:
        DeployStopped: it did not become healthy; it is left in its slot, and traffic where it was.
    """
    stack.build(version)
    slot = stack.idle()
    try:
        stack.start(slot, version.name)
        if not force:
            stack.wait_until_healthy(slot, wait_s)
    except CommandFailed as error:
        # The engine says so where an image cannot be started at all.
        if not force:
            raise DeployStopped(f"{version.name} cannot be started in {slot}: {error}") from error
    stack.give_traffic_to(slot)
    stack.align()
    return slot


def record(stack: Stack, slot: str, application: str) -> None:
    """`backout record`, as a CI calls it after a deployment. Raises CommandFailed."""
    arguments = ["record", application, stack.version(slot), "--slot", slot]
    argv = [sys.executable, "-m", "deployments.cli", *arguments]
    done = subprocess.run(
        argv,
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        timeout=RECORD_S,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailed(
            argv=["backout", *arguments], exit_code_seen=done.returncode, output=done.stdout + done.stderr
        )
    print(done.stdout.strip())
