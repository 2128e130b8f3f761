"""One container as the engine sees it now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blocks.containers.engine import doing

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
NUMBER = "com.docker.compose.container-number"
ALIVE = ("running", "restarting", "paused")
VERSION_LABEL = "org.opencontainers.image.version"
VERSION_VARIABLE = "APP_VERSION"
SHORT_ID = 12
UNTOLD_TAGS = ("", "latest")
NEVER = datetime(1, 1, 1, tzinfo=UTC)
NANOSECONDS = 1_000_000_000
USUAL_PERIOD = 100_000
"""Microseconds of a CPU quota's period where none is given."""


@dataclass(frozen=True)
class Container:
    """What `docker inspect` says, as far as it matters.

    Attributes:
        image: as the container was told, `shop:2.0`; `image_id` is what that was then.
        state: `created`, `running`, `paused`, `restarting`, `exited` or `dead`.
        health: what its HEALTHCHECK says: `starting`, `healthy`, `unhealthy`; empty where it has none.
        health_said: the last thing that its HEALTHCHECK printed.
        restarts: how often the engine, or a person, started it again; at least.
        env: its variables; they may be secrets.
        mounts: this host's path -> the path inside.
        addresses: its own in the networks it is in.
        kept_up: whether the engine starts it again when it ends: it is meant to run for ever.
        cpus: how many CPUs it may use; None where it has no limit of its own.
    """

    id: str
    name: str
    service: str
    image: str
    image_id: str
    state: str
    exit_code: int = 0
    error: str = ""
    health: str = ""
    health_said: str = ""
    restarts: int = 0
    since: datetime | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounts: Mapping[Path, Path] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    kept_up: bool = False
    cpus: float | None = None

    @property
    def running(self) -> bool:
        """Whether its program runs at this moment."""
        return self.state == "running"

    @property
    def version(self) -> str:
        """The release in it."""
        return self.names[0]

    @property
    def names(self) -> list[str]:
        """What its release is called: `APP_VERSION`, the label, the image's tag, the image's short id; the first counts.

        The label comes second: an image takes it over from the image that it was built on.
        """
        return names_of(self.image, self.image_id, self.env, self.labels)

    @property
    def detail(self) -> str:
        """Its state in words; the same as long as nothing happens to it."""
        if self.state == "created" and not self.error:
            return "never started"
        if self.state == "restarting":
            return (
                f"is restarted again and again, {self.restarts} times, ends with exit code {self.exit_code}"
            )
        if self.state in {"exited", "dead", "created"}:
            return f"ended with exit code {self.exit_code}{f', {self.error}' if self.error else ''}"
        if self.health == "unhealthy":
            return f"runs, its HEALTHCHECK fails: {self.health_said}"
        return f"runs, {self.health}" if self.health else {"running": "runs"}.get(self.state, self.state)


def of_project(client: Any, project: str, services: Iterable[str] | None = None) -> list[Container]:
    """The containers of a Compose project, by service and name; those of one-off commands are none of it.

    Args:
        client: what `engine` gives.
        project: the project's name.
        services: only these; None: all.
    """
    wanted = None if services is None else set(services)
    found = client.api.containers(all=True, filters={"label": f"{PROJECT}={project}"})
    own = [item for item in found if item["Labels"].get(ONE_OFF, "False") == "False"]
    ids = [item["Id"] for item in _in_place(own) if wanted is None or item["Labels"].get(SERVICE) in wanted]
    return sorted(_all(client, ids), key=lambda container: (container.service, container.name))


def _in_place(listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One for each place of a service: making it anew may fail halfway, and leave the old container beside the new one."""
    chosen = {}
    for item in sorted(listed, key=lambda item: (item["State"] in ALIVE, item["Created"])):
        chosen[item["Labels"].get(SERVICE), item["Labels"].get(NUMBER, item["Id"])] = item
    return list(chosen.values())


def named(client: Any, name: str) -> Container | None:
    """The container of this name or id; None where there is none."""
    return next(iter(_all(client, [name])), None)


def start(client: Any, container: Container) -> None:
    """Start it; a no-op where it runs. Raises CommandFailed."""
    act = "unpause" if container.state == "paused" else "start"
    with doing(["docker", act, container.name]):
        getattr(client.api, act)(container.id)


def stop(client: Any, container: Container, timeout_s: float) -> None:
    """SIGTERM, and SIGKILL after `timeout_s` seconds; a no-op where it is down. Raises CommandFailed."""
    with doing(["docker", "stop", container.name]):
        client.api.stop(container.id, timeout=round(timeout_s))


def restart(client: Any, container: Container, timeout_s: float) -> None:
    """`stop` and `start`. Raises CommandFailed."""
    with doing(["docker", "restart", container.name]):
        client.api.restart(container.id, timeout=round(timeout_s))


def names_of(image: str, image_id: str, env: Mapping[str, str], labels: Mapping[str, str]) -> list[str]:
    """What a release is called; see `Container.names`."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    short = image_id.removeprefix("sha256:")[:SHORT_ID]
    told = [env.get(VERSION_VARIABLE, ""), labels.get(VERSION_LABEL, ""), "" if tag in UNTOLD_TAGS else tag]
    return list(dict.fromkeys(name for name in [*told, short] if name))


def variables(pairs: Iterable[str] | None) -> dict[str, str]:
    """`["NAME=value"]` as the engine writes them -> name: value."""
    split = (pair.partition("=") for pair in pairs or ())
    return {name: value for name, _, value in split}


def _all(client: Any, ids: Iterable[str]) -> list[Container]:
    from docker.errors import NotFound

    found = []
    for one in ids:
        try:
            found.append(_read(client.api.inspect_container(one)))
        except NotFound:  # it went away since the list was made
            continue
    return found


def _read(seen: dict[str, Any]) -> Container:
    state, config = seen["State"], seen["Config"]
    labels = config.get("Labels") or {}
    health = state.get("Health") or {}
    said = [entry["Output"] for entry in health.get("Log") or []]
    started = _moment(state["StartedAt"])
    up = state["Running"]
    return Container(
        id=seen["Id"],
        name=seen["Name"].lstrip("/"),
        service=labels.get(SERVICE, ""),
        image=config["Image"],
        image_id=seen["Image"],
        state=state["Status"],
        exit_code=state["ExitCode"],
        error="out of memory" if state.get("OOMKilled") else _one_line(state.get("Error", "")),
        health={"none": ""}.get(health.get("Status", ""), health.get("Status", "")) if up else "",
        health_said=_one_line(said[-1]) if said else "",
        restarts=max(seen["RestartCount"], _again(started, _moment(state["FinishedAt"]))),
        since=started if up else None,
        env=variables(config.get("Env")),
        labels=labels,
        mounts={Path(mount["Source"]): Path(mount["Destination"]) for mount in seen["Mounts"] if mount.get("Source")},
        addresses=tuple(_addresses(seen["NetworkSettings"])),
        kept_up=seen["HostConfig"]["RestartPolicy"]["Name"] in {"always", "unless-stopped"},
        cpus=_cpus(seen["HostConfig"]),
    )  # fmt: skip


def _cpus(host: dict[str, Any]) -> float | None:
    """`docker run --cpus`, or the quota that older settings give: microseconds of CPU time in each period."""
    if host.get("NanoCpus"):
        return float(host["NanoCpus"]) / NANOSECONDS
    quota = host.get("CpuQuota") or 0
    return quota / (host.get("CpuPeriod") or USUAL_PERIOD) if quota > 0 else None


def _again(started: datetime | None, finished: datetime | None) -> int:
    """1 where it was started again by hand, which the engine does not count."""
    return 1 if started and finished and started > finished else 0


def _addresses(network: dict[str, Any]) -> list[str]:
    networks = network.get("Networks") or {}
    return [entry["IPAddress"] for _, entry in sorted(networks.items()) if entry.get("IPAddress")]


def _moment(text: str) -> datetime | None:
    moment = datetime.fromisoformat(text)
    return None if moment <= NEVER else moment


def _one_line(text: str) -> str:
    return " ".join(text.split())
