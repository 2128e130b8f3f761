"""Containers restarted one after the other: the same containers, so the same release."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from blocks.containers import container as containers
from blocks.containers.container import Container
from blocks.restartable import DOWN, due
from domain.errors import CommandFailed

UP_S = 60.0
"""Seconds that the engine gets for a restart, beside those that the program gets to end."""

LOOK_AGAIN_S = 0.2
ENDED = ("exited", "dead")
CONTENT = ("", "healthy")


def marks_of(found: Iterable[Container]) -> dict[str, str]:
    """Container -> when it was started."""
    return {one.name: one.since.isoformat() if one.running and one.since else DOWN for one in found}


def restart_in_turn(
    client: Any, instances: Mapping[str, str], now: Mapping[str, str], stop_s: float, up_s: float
) -> None:
    """Restart those that are due, each once the one before is well.

    Args:
        client: what `engine` gives.
        instances: as they were before the first try.
        now: as they are.
        stop_s: seconds from SIGTERM to SIGKILL.
        up_s: seconds until one must be well.

    Raises:
        CommandFailed: one does not come up again.
    """
    for name in due(instances, now):
        found = containers.named(client, name)
        if found is not None:
            containers.restart(client, found, stop_s)
        _wait_until_well(client, name, up_s)


def _wait_until_well(client: Any, name: str, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not _well(one := containers.named(client, name)):
        hopeless = one is None or one.state in ENDED or one.health == "unhealthy"
        if hopeless or time.monotonic() > deadline:
            said = f"{name} {one.detail if one else 'is gone'}"
            raise CommandFailed(["docker", "restart", name], None, said)
        time.sleep(LOOK_AGAIN_S)


def _well(one: Container | None) -> bool:
    return one is not None and one.running and one.health in CONTENT
