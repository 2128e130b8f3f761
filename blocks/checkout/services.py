"""The project's services as the engine sees them: which commit each runs, and whether it is well."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from blocks.checkout.images import commits_of
from blocks.containers import container as containers
from blocks.containers.container import Container
from blocks.containers.engine import engine
from blocks.containers.words import lines_of, usage_of
from blocks.hosts.local import LOOK_S, nothing
from blocks.program import masked
from domain.release import Usage

LOOK_AGAIN_S = 0.2
CRASH_LOOP = 3
"""Restarts since it was put in place that are a crash loop; fewer can be a service that waits for another one."""


class Services:
    """Those of one Compose project, one container each."""

    def __init__(self, project: str) -> None:
        self._project = project

    def now(self) -> dict[str, Container]:
        """Service -> its container; where a crash left two, the one that runs. Raises EngineUnavailable."""
        with engine() as client:
            found = containers.of_project(client, self._project)
        return {one.service: one for one in sorted(found, key=lambda one: one.running)}

    def commits(self, found: Mapping[str, Container]) -> dict[str, frozenset[str]]:
        """Service -> the commits that its image was built from, as the image says; empty where it does not."""
        with engine() as client:
            return {name: commits_of(client, one) for name, one in found.items()}

    def stop(self, seconds: float, leave: Collection[str] = ()) -> None:
        """Ask all to end at once, and end them after `seconds`. Raises EngineUnavailable, CommandFailed."""
        with engine() as client:
            every = containers.of_project(client, self._project)
            up = [one for one in every if one.service not in leave and one.state in ("running", "restarting")]
            with ThreadPoolExecutor(max(1, len(up)), thread_name_prefix="stop") as pool:
                list(pool.map(lambda one: containers.stop(client, one, seconds), up))

    def wait(self, services: Sequence[str], timeout_s: float, meanwhile: Callable[[], None] = nothing) -> str:
        """Look until all run and their health checks are content; why they are not, one line, empty where they are.

        `meanwhile`: called every `LOOK_S`; what it raises ends the wait, and is raised here.
        """
        first = self.now()
        deadline, due = time.monotonic() + timeout_s, time.monotonic() + LOOK_S
        while True:
            found = self.now()
            ill = {name: found.get(name) for name in services if not _well(found.get(name))}
            if not ill:
                return ""
            restarts = {name: first[name].restarts if name in first else 0 for name in ill}
            hopeless = any(one and _gave_up(one, restarts[name]) for name, one in ill.items())
            if hopeless or time.monotonic() > deadline:
                return "; ".join(
                    f"{name} {one.detail if one else 'has no container'}" for name, one in ill.items()
                )
            if time.monotonic() >= due:
                meanwhile()
                due = time.monotonic() + LOOK_S
            time.sleep(LOOK_AGAIN_S)

    def logs(self, services: Collection[str], lines: int, secrets: Collection[str] = ()) -> list[str]:
        """The last lines of these services together, oldest first, without secrets."""
        with engine() as client:
            found = containers.of_project(client, self._project, services)
            said = lines_of(client, found, lines, ())
        return [masked(line, secrets) for line in said]

    def usage(self, services: Collection[str]) -> Usage | None:
        """What these services use together; None where none runs."""
        with engine() as client:
            return usage_of(client, containers.of_project(client, self._project, services))

    def restart(self, service: str, seconds: float) -> bool:
        """Stop and start its container, or start it where it is down; False where there is none."""
        with engine() as client:
            found = containers.of_project(client, self._project, [service])
            for one in found:
                containers.restart(client, one, seconds)
        return bool(found)


def _well(container: Container | None) -> bool:
    return container is not None and container.running and container.health in ("", "healthy")


def _gave_up(container: Container, restarts_before: int) -> bool:
    """A crash loop, an end that nobody restarts, a health check that said no: waiting longer helps nothing."""
    ended = container.state in ("exited", "dead")
    loops = container.restarts - restarts_before >= CRASH_LOOP
    return ended or loops or container.health == "unhealthy"
