"""What containers say, without the secrets they were given; and what they use."""

from collections.abc import Collection, Sequence
from typing import Any

from blocks.containers.container import NANOSECONDS, VERSION_VARIABLE, Container, variables
from blocks.program import masked
from domain.release import Usage

NEVER_SECRET = frozenset({"PATH", "HOME", "HOSTNAME", "LANG", VERSION_VARIABLE})
MEGABYTE = 1_000_000


def lines_of(client: Any, containers: Sequence[Container], lines: int, public: Collection[str]) -> list[str]:
    """The last lines of these containers together, oldest first, secrets masked; with the service's name where they are several.

    Args:
        client: what `engine` gives.
        containers: whose output is read.
        lines: how many in all.
        public: names of variables that are no secrets, and words that are none.
    """
    if lines <= 0:
        return []
    said = [
        line
        for container in containers
        for line in _said(client, container, lines, several=len(containers) > 1)
    ]
    last = [text for _, text in sorted(said, key=lambda line: line[0])[-lines:]]
    secrets = {secret for container in containers for secret in secrets_of(client, container, public)}
    return masked("\n".join(last), secrets).split("\n") if last else []  # fmt: skip


def secrets_of(client: Any, container: Container, public: Collection[str]) -> set[str]:
    """The values of its variables, without those that its image brings, and those that are public."""
    brought = _of_image(client, container.image_id)
    own = {name: value for name, value in container.env.items() if brought.get(name) != value}
    told = {name: value for name, value in own.items() if name not in NEVER_SECRET | set(public)}
    return set(told.values()) - set(public)


def usage_of(client: Any, containers: Sequence[Container]) -> Usage | None:
    """What these containers use together; None where none runs."""
    running = [container for container in containers if container.running]
    if not running:
        return None
    seen = [client.api.stats(container.id, stream=False, one_shot=True) for container in running]
    memory = sum(resident(stats.get("memory_stats") or {}) for stats in seen)
    cpu = sum(stats["cpu_stats"]["cpu_usage"]["total_usage"] for stats in seen)
    return Usage(memory_mb=memory / MEGABYTE, cpu_s=cpu / NANOSECONDS)


def _said(client: Any, container: Container, lines: int, *, several: bool) -> list[tuple[str, str]]:
    """(time, line), the time as the engine writes it: always as many digits."""
    from docker.errors import APIError

    try:
        raw = client.api.logs(container.id, timestamps=True, tail=lines)
    except APIError:  # its logs go where the engine cannot read them
        return []
    name = f"{container.service} | " if several else ""
    stamped = (line.partition(" ") for line in raw.decode(errors="replace").split("\n") if line)
    return [(time, f"{name}{text}".rstrip()) for time, _, text in stamped]


def _of_image(client: Any, image_id: str) -> dict[str, str]:
    from docker.errors import ImageNotFound

    try:
        config = client.api.inspect_image(image_id).get("Config") or {}
    except ImageNotFound:
        return {}
    return variables(config.get("Env"))


def resident(memory: dict[str, Any]) -> float:
    """Bytes without the file cache that the kernel gives back at need, as `docker stats` counts them."""
    detail = memory.get("stats") or {}
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return float(memory.get("usage", 0) - cache)
