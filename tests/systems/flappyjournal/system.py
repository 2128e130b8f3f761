"""The example's own stack on the real engine, and applications on it that no other test knows."""

import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from blocks import configuration
from blocks.document import Document
from blocks.home import Home
from blocks.keys import key
from blocks.platforms.compose import Compose
from domain.release import Release
from examples.demo.ports import free_ports
from examples.flappyjournal.__main__ import images
from examples.flappyjournal.deploying import deploy
from examples.flappyjournal.images import Version
from examples.flappyjournal.settings import PORTS, PUBLIC_IMAGES
from examples.flappyjournal.stack import NEW, OLD, Stack, services
from tasks.database import keep_schema
from tests.flows.stage import FIRST, NUMBERS, Scene

PATIENCE_S = 20.0


def new_stack(folder: Path, base: str) -> Stack:
    """One with a name and ports of its own, on the public images only where there is no other base."""
    chosen = images(None if base == PUBLIC_IMAGES["BASE"] else base)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return Stack.new(folder, f"flappyjournal-{secrets.token_hex(4)}", chosen, ports)


class System:
    """What the scenes share: the stack, and the store of a running `serve`."""

    def __init__(self, stack: Stack, home: Home, store: str) -> None:
        self.stack = stack
        self.home = home
        self.url = store
        self.key = key(home, "journal")

    def serving(self) -> str:
        return self.stack.serving()

    def reset(self) -> None:
        """Blue serves the release of before, and is healthy."""
        blue = self.stack.document().platform.slot("blue")
        if not blue.running or blue.version != NEW.name:
            self.stack.start("blue", NEW.name)
        self.stack.wait_until_healthy("blue")
        self.stack.give_traffic_to("blue")
        self.stack.align()

    def scene(self, folder: Path, **changes: Any) -> "JournalScene":
        """A new application, on which the first two releases have served."""
        self.reset()
        made = JournalScene(self, folder, f"flappyjournal/p{next(NUMBERS)}", changes)
        for version in (OLD, NEW):
            made.record(version.name)
        return made

    def targets(self) -> dict[str, Mapping[str, str]]:
        """Slot -> labels of its target, as Prometheus has them now."""
        url = f"http://127.0.0.1:{self.stack.settings.port('PROMETHEUS')}/api/v1/targets"
        found = httpx.get(url, trust_env=False).json()["data"]["activeTargets"]
        return {
            target["labels"]["slot"]: {**target["labels"], "health": target["health"]} for target in found
        }


class JournalScene(Scene):
    """One application on the stack."""

    def __init__(self, system: System, folder: Path, name: str, changes: Mapping[str, Any]) -> None:
        self.system = system
        self.stack = system.stack
        self.folder = folder
        self.name = name
        self.home = system.home
        self.recorded = 0
        channel = {"kind": "logfile", "path": str(folder / "messages.log")}
        short = {"preset": "flappyjournal", "watch_s": 1}
        own = {"name": name, "channels": [channel], "watch": {"enabled": False}, "policy": short}
        self.raw = {**self.stack.raw(), **own, **changes}
        self.stage = system  # type: ignore[assignment]  # it has what a scene asks of its stage

    @property
    def document(self) -> Document:
        return configuration.document(self.raw, "a test", self.stack.environment)

    @property
    def platform(self) -> Compose:
        found = self.document.platform
        assert isinstance(found, Compose)
        return found

    def deploy(self, version: Version, *, force: bool = False, wait_s: float = 120) -> str:
        """As the team's script does, with `backout record` at its end."""
        slot = deploy(self.stack, version, force=force, wait_s=wait_s)
        self.record(version.name)
        return slot

    def record(self, version: str) -> None:
        """It serves, or did."""
        at = FIRST.replace(day=1 + self.recorded)
        self.recorded += 1
        with self.installation() as here:
            database = self.document.database
            schema = database.schema_version() if database else None
            keep_schema(here, self.document, schema)
            here.store.record(
                Release(application=self.name, version=version, recorded_at=at, schema_version=schema)
            )
            here.store.served(self.name, version, at)

    def containers(self, slot: str) -> list[str]:
        """The ids of a slot's containers, running or not."""
        return self.stack.project.run("ps", "--quiet", *services(slot), timeout_s=60).split()

    def why(self) -> str:
        """How the newest incident ended."""
        with self.installation() as here:
            newest = here.store.incidents(self.name)[0]
            said = [entry.data for entry in here.store.entries(newest.id) if entry.kind == "ending"]
        return f"{newest.outcome}: {said}"

    def evidence(self, name: str) -> str:
        """A file of the only incident's folder."""
        incident = self.incident().id
        [found] = self.home.evidence.rglob(f"{incident}/**/{name}")
        return found.read_text()


class Person:
    """Somebody who uses the journal, through Caddy and TLS."""

    def __init__(self, stack: Stack) -> None:
        address = f"https://localhost:{stack.settings.port('HTTPS')}"
        self._client = httpx.Client(
            base_url=address, verify=ssl.create_default_context(cafile=stack.authority), trust_env=False
        )
        who = {"email": f"{secrets.token_hex(4)}@example.test", "password": "a long password"}
        self._client.post("/api/auth/register", json=who).raise_for_status()
        token = self._client.post("/api/auth/login", json=who).raise_for_status().json()["token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def write(self, title: str) -> None:
        self._client.post("/api/journal", json={"title": title, "body": "text"}).raise_for_status()

    def titles(self) -> list[str]:
        """In the session that began with this object."""
        return [entry["title"] for entry in self._client.get("/api/journal").raise_for_status().json()]

    def page(self) -> str:
        return self._client.get("/").text

    def leave(self) -> None:
        self._client.delete("/api/users/me")
        self._client.close()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
    """Look until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
