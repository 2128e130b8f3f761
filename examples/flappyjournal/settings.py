"""What differs from one stack to the next: ports, names, images. It is kept in `deploy/.env`, which compose reads itself."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PORTS = {
    "BLUE_PORT": 4101,
    "GREEN_PORT": 4102,
    "STAGING_PORT": 4103,
    "STAGING_USERS_PORT": 8082,
    "POSTGRES_PORT": 5433,
    "HTTP_PORT": 8081,
    "HTTPS_PORT": 8443,
    "PROMETHEUS_PORT": 9090,
}
"""Variable -> the port on 127.0.0.1 in the `backout.yaml` that lies here."""

PUBLIC_IMAGES = {
    "BASE": "python:3.11-slim-bookworm",
    "POSTGRES_IMAGE": "postgres:15",
    "CADDY_IMAGE": "caddy:2",
    "PROMETHEUS_IMAGE": "prom/prometheus",
}


@dataclass
class Settings:
    """The variables of `deploy/.env`."""

    file: Path
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Settings:
        """Those of a stack that stands. Raises FileNotFoundError."""
        lines = (line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#"))
        return cls(file, dict(line.split("=", 1) for line in lines))

    @classmethod
    def new(cls, file: Path, project: str, images: Mapping[str, str], ports: Mapping[str, int]) -> Settings:
        """Those of a new one, with a password of its own."""
        application = "flappyjournal" if project == "deploy" else project
        own = {"PROJECT": project, "APPLICATION": application, "SITE": "localhost"}
        numbers = {name: str(port) for name, port in ports.items()}
        return cls(file, {**own, **images, **numbers, "POSTGRES_PASSWORD": secrets.token_urlsafe(24)})

    def keep(self, **changed: str) -> None:
        """Write them, with these changed; releases that Backout wrote since they were read stay. Nobody else reads the password."""
        there = Settings.read(self.file).values if self.file.exists() else {}
        self.values |= {name: value for name, value in there.items() if name.endswith("_VERSION")} | changed
        self.file.touch(mode=0o600)
        self.file.write_text("".join(f"{name}={value}\n" for name, value in self.values.items()))

    def port(self, name: str) -> int:
        """A published port: `HTTP` for `HTTP_PORT`."""
        return int(self.values[f"{name}_PORT"])

    def in_place_of_defaults(self, text: str, folder: Path) -> str:
        """A text of the example's `backout.yaml`, with this stack's folder, ports and names."""
        # In one pass: a free port may begin with the digits of another one's default.
        ports = {str(default): self.values[name] for name, default in PORTS.items()}
        text = re.sub(r":(\d+)\b", lambda found: f":{ports.get(found[1], found[1])}", text)
        project = self.values["PROJECT"]
        text = text.replace("deploy-caddy-1", f"{project}-caddy-1").replace(
            "deploy-postgres-1", f"{project}-postgres-1"
        )
        text = text.replace("container:deploy/", f"container:{project}/").replace(
            "[python3,", f"[{sys.executable},"
        )
        return text.replace("name: deploy\n", f"name: {project}\n").replace("/srv/flappyjournal", str(folder))
