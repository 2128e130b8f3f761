"""A Compose project on the real engine: blue serves 2.0, green holds 1.0 and never ran; and services that go wrong."""

import secrets
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from blocks.compose_program import ComposeProject
from blocks.containers.container import Container, named, of_project, start
from examples.demo.ports import free_ports
from tests.blocks.conftest import UPSTREAM
from tests.blocks.platforms.contract import SECRET
from tests.blocks.waiting import wait_until

FILE = """\
services:
  blue-web: &web
    image: ${{IMAGE}}
    init: true
    command: ["python3", "-I", "-S", "/app/upstream.py", "8080"]
    working_dir: /state
    environment: {{SLOT: blue, APP_VERSION: "${{BLUE_VERSION}}", BIND: 0.0.0.0, DATABASE_URL: "${{DATABASE_URL}}"}}
    volumes: ["{application}:/app/upstream.py:ro", "{state}:/state"]
    ports: ["127.0.0.1:{blue}:8080"]
  green-web:
    <<: *web
    environment: {{SLOT: green, APP_VERSION: "${{GREEN_VERSION}}", BIND: 0.0.0.0, DATABASE_URL: "${{DATABASE_URL}}"}}
    ports: ["127.0.0.1:{green}:8080"]
  green-worker:
    image: ${{IMAGE}}
    init: true
    command: ["sh", "-c", "echo worker connects to $$QUEUE_URL; exec sleep 600"]
    environment: {{APP_VERSION: "${{GREEN_VERSION}}", QUEUE_URL: "amqp://{secret}@queue"}}
  crash-web:
    <<: *web
    environment: {{SLOT: crash, APP_VERSION: "3.0", CRASH: "3", DATABASE_URL: "${{DATABASE_URL}}"}}
    restart: always
    ports: []
  ended-web:
    <<: *web
    environment: {{SLOT: ended, APP_VERSION: "3.1", CRASH: "7", DATABASE_URL: "${{DATABASE_URL}}"}}
    ports: []
  ill-web:
    <<: *web
    environment: {{SLOT: ill, APP_VERSION: "3.2", BIND: 0.0.0.0}}
    healthcheck: {{test: ["CMD", "sh", "-c", "echo queue is gone; exit 1"], interval: 0.3s, retries: 1}}
    ports: []
  absent-web:
    image: {name}.invalid/shop:9.9
  postgres:
    image: ${{IMAGE}}
    command: ["sh", "-c", "echo the disk is full; exit 2"]
version: "2.4"
"""
VERSIONS = {"BLUE_VERSION": "2.0", "GREEN_VERSION": "1.0"}
RUNS_FROM_START = ("blue-web",)
MADE = ("blue-web", "green-web", "postgres")


class ComposeStack:
    """The project, and green made anew before each test that touched it."""

    def __init__(self, client: Any, image: str, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir()
        self.ports = dict(zip(("blue", "green"), free_ports(2), strict=True))
        name = f"backout-f1-{secrets.token_hex(3)}"
        text = FILE.format(application=UPSTREAM, state=self.state, name=name, secret=SECRET, **self.ports)
        (folder / "compose.yaml").write_text(text)
        self.write_versions()
        self.project = ComposeProject(
            name=name, folder=folder, files=[Path("compose.yaml")], variables={"IMAGE": image}
        )

    def up(self) -> None:
        """Make blue and green, start blue."""
        self.project.run("up", "--no-start", *MADE, timeout_s=120)
        self.again("blue-web")
        wait_until(partial(self.answers, "blue"), "blue")

    def down(self) -> None:
        """Remove all of it."""
        self.project.run("down", "--timeout", "0", timeout_s=120)

    def reset(self) -> None:
        """Blue runs and is healthy, green never ran; the others are gone, as far as they are not needed."""
        for file in self.state.glob("*.unhealthy"):
            file.unlink()
        self.write_versions()
        for one in of_project(self.client, self.project.name):
            installed = one.service == "green-web" and VERSIONS["GREEN_VERSION"] not in one.names
            if one.service not in MADE or installed:
                self.client.api.remove_container(one.id, force=True)
        green = self.container("green-web")
        if green is None:
            self.project.run("up", "--no-start", "--no-deps", "green-web", timeout_s=120)
        elif green.state != "created":
            self._make_anew(green)
        self.again("blue-web")

    def write_versions(self) -> None:
        """Which release is in which slot, beside the secret."""
        lines = [f"{name}={value}\n" for name, value in {"DATABASE_URL": SECRET, **VERSIONS}.items()]
        (self.folder / ".env").write_text("".join(lines))

    def again(self, service: str) -> None:
        """Start a service's container where it is down."""
        one = self.container(service)
        assert one is not None
        if not one.running:
            start(self.client, one)

    def container(self, service: str) -> Container | None:
        """The service's container."""
        return next(iter(of_project(self.client, self.project.name, [service])), None)

    def answers(self, slot: str) -> bool:
        """Whether it takes requests at its published port."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports[slot]}/", trust_env=False, timeout=5).is_success
        except httpx.TransportError:
            return False

    def settings(self, folder: Path, address: str, **slots: dict[str, Any]) -> dict[str, Any]:
        """As `backout.yaml` would give them. `slots`: more or other ones."""
        places = {slot: {"services": [f"{slot}-web"], "address": f"http://{slot}-web:8080", "upstream": f"127.0.0.1:{port}", "release_variable": f"{slot.upper()}_VERSION"}
                  for slot, port in self.ports.items()}  # fmt: skip
        return {
            "kind": "compose",
            "project": self.project.model_dump(mode="json"),
            "start_timeout_s": 3,
            "stop_timeout_s": 2,
            "slots": {**places, **slots},
            "router": {"kind": "caddy_file", "file": str(folder / "active"), "address": address},
        }

    def _make_anew(self, old: Container) -> None:
        """What compose made, once more: far faster than asking compose."""
        seen = self.client.api.inspect_container(old.id)
        networks = {
            name: {"Aliases": entry["Aliases"]} for name, entry in seen["NetworkSettings"]["Networks"].items()
        }
        self.client.api.remove_container(old.id, force=True)
        made = {
            **seen["Config"],
            "HostConfig": seen["HostConfig"],
            "NetworkingConfig": {"EndpointsConfig": networks},
        }
        self.client.api.create_container_from_config(made, old.name)
        assert named(self.client, old.name) is not None
