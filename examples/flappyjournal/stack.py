"""The whole system in one folder: its compose project, its releases, and what the team's own deploy script does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import certifi
import httpx
import yaml

from blocks import configuration
from blocks.compose_program import ComposeProject
from blocks.document import Document
from blocks.files import replace_file
from blocks.hosts.local import Local
from examples.flappyjournal.images import (
    HERE,
    STAND_IN,
    Version,
    build_application,
    build_release,
    build_stand_in,
    remove_images,
)
from examples.flappyjournal.settings import Settings

FILE = "docker-compose.blue-green.yml"
SLOTS = ("blue", "green")
STAGING = "staging-api-gateway"
OLD, NEW = Version("v0.9-backup"), Version("v1.0-full-tech")
DATABASE_VARIABLE = "FLAPPYJOURNAL_DATABASE_URL"
HEALTHY_S = 180.0
COMPOSE_S = 300.0


class DeployStopped(Exception):
    """The release did not become healthy; traffic stays where it was."""


class Stack:
    """One FlappyJournal. `settings`: what is its own; all other files are copies of those in `deploy`."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings

    @classmethod
    def new(cls, folder: Path, project: str, images: Mapping[str, str], ports: Mapping[str, int]) -> Stack:
        """Lay a new one out; nothing runs yet."""
        shutil.copytree(
            HERE / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("stand-in"), dirs_exist_ok=True
        )
        for name in ("run", "prometheus/targets"):
            (folder / "deploy" / name).mkdir(parents=True, exist_ok=True)
        made = cls(folder, Settings.new(folder / "deploy/.env", project, images, ports))
        versions = {"BLUE_VERSION": NEW.name, "GREEN_VERSION": OLD.name, "STAGING_VERSION": NEW.name}
        made.settings.keep(**versions)
        text = (HERE / "backout.yaml").read_text()
        made._trust()
        made.configuration_file.write_text(made.settings.in_place_of_defaults(text, folder))
        return made

    @classmethod
    def attach(cls, folder: Path) -> Stack:
        """The one that stands in this folder. Raises FileNotFoundError."""
        return cls(folder, Settings.read(folder / "deploy/.env"))

    @property
    def configuration_file(self) -> Path:
        """Its `backout.yaml`."""
        return self.folder / "backout.yaml"

    @property
    def project(self) -> ComposeProject:
        """Its compose project."""
        return ComposeProject(
            name=self.settings.values["PROJECT"], folder=self.folder / "deploy", files=[Path(FILE)]
        )

    @property
    def active_file(self) -> Path:
        """The file that Caddy reads at each request."""
        return self.folder / "deploy/run/active"

    @property
    def authority(self) -> Path:
        """The certificate of Caddy's own authority."""
        return self.folder / "ca.crt"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that Backout needs: the database's address, and whom to trust."""
        password = self.settings.values["POSTGRES_PASSWORD"]
        where = f"127.0.0.1:{self.settings.port('POSTGRES')}/flappyjournal"
        return {
            DATABASE_VARIABLE: f"postgresql://flappyjournal:{password}@{where}",
            "SSL_CERT_FILE": str(self.folder / "trusted.crt"),
        }

    def raw(self, environment: str = "production") -> dict[str, Any]:
        """The application's entry of `backout.yaml`, with its references; or staging's."""
        entries = yaml.safe_load(self.configuration_file.read_text())["applications"]
        found: dict[str, Any] = next(
            entry for entry in entries if entry["name"] == f"flappyjournal/{environment}"
        )
        return found

    def document(self) -> Document:
        """The same, read and resolved."""
        return configuration.document(self.raw(), str(self.configuration_file), self.environment)

    def container(self, service: str) -> str:
        """The name of the Caddy's or PostgreSQL's container."""
        return f"{self.settings.values['PROJECT']}-{service}-1"

    def slot_address(self, slot: str) -> str:
        """Where a slot answers, past Caddy."""
        return f"http://127.0.0.1:{self.settings.port(slot.upper())}"

    @property
    def address(self) -> str:
        """Where users answer, without TLS."""
        return f"http://127.0.0.1:{self.settings.port('HTTP')}"

    def serving(self) -> str:
        """The slot that Caddy's file names."""
        return self.active_file.read_text().split("-")[0]

    def idle(self) -> str:
        """The other one."""
        return next(slot for slot in SLOTS if slot != self.serving())

    def version(self, slot: str) -> str:
        """What the slot was deployed with."""
        return Settings.read(self.settings.file).values[f"{slot.upper()}_VERSION"]

    def up(self) -> None:
        """Build all images, start everything, wait until both slots are healthy. Blue serves the new release."""
        values = self.settings.values
        if STAND_IN in values.values():
            build_stand_in(values["STAND_IN_BASE"])
        build_application(values["APPLICATION"], values["BASE"])
        for version in (OLD, NEW):
            self.build(version)
        self.give_traffic_to("blue")
        replace_file(self.active_file.with_name("staging"), f"{STAGING}:8080".encode())
        self.project.run("up", "--detach", timeout_s=COMPOSE_S)
        for slot in SLOTS:
            self.wait_until_healthy(slot)
        self._keep_authority()
        self.align()

    def down(self) -> None:
        """Remove all that `up` made, but for the stand-in image, which all stacks share."""
        self.project.run(
            "--profile",
            "staging",
            "down",
            "--volumes",
            "--remove-orphans",
            "--timeout",
            "3",
            timeout_s=COMPOSE_S,
        )
        remove_images(self.settings.values["APPLICATION"])
        shutil.rmtree(self.folder)

    def build(self, version: Version) -> None:
        """The image of a release, and the folder with its migrations."""
        build_release(self.settings.values["APPLICATION"], version, self.folder / "releases" / version.name)

    def start(self, slot: str, version: str) -> None:
        """Put a release that was built into a slot: only containers that run another one are made anew."""
        self.settings.keep(**{f"{slot.upper()}_VERSION": version})
        self.project.run("up", "--detach", "--no-deps", *services(slot), timeout_s=COMPOSE_S)

    def write_slot_into_caddyfile(self, slot: str) -> None:
        """Let Caddy run from a Caddyfile that names the slot itself, as most do."""
        text = (HERE / "deploy/caddy/Caddyfile.fixed").read_text()
        self._load_caddyfile(text.replace("blue-api-gateway", f"{slot}-api-gateway"))

    def read_slot_from_file(self) -> None:
        """Let Caddy read the slot from `run/active`, as at the beginning."""
        self._load_caddyfile((HERE / "deploy/caddy/Caddyfile").read_text())

    def _load_caddyfile(self, text: str) -> None:
        (self.folder / "deploy/caddy/Caddyfile").write_text(text)
        Local().check(
            ["docker", "exec", self.container("caddy"), "caddy", "reload", "--config", "/etc/caddy/Caddyfile"]
        )

    def give_traffic_to(self, slot: str) -> None:
        """One rename: Caddy reads the file at each request."""
        replace_file(self.active_file, f"{slot}-api-gateway:8080".encode())

    def align(self) -> None:
        """Tell Prometheus which slot serves, as Backout does after a switch of its own."""
        self.document().platform.align(self.serving(), thorough=False)

    def wait_until_healthy(self, slot: str, seconds: float = HEALTHY_S) -> None:
        """Raises DeployStopped where the slot's gateway does not say `healthy` in this time."""
        deadline, said = time.monotonic() + seconds, "nothing"
        while time.monotonic() < deadline:
            said = self._health(slot)
            if said == "healthy":
                return
            time.sleep(0.1)
        raise DeployStopped(
            f"{self.version(slot)} in {slot} is not healthy after {seconds:.0f} s, it says {said!r}"
        )

    def _health(self, slot: str) -> str:
        try:
            answer = httpx.get(f"{self.slot_address(slot)}/api/health", timeout=3.0, trust_env=False)
            return str(answer.json()["status"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            return type(error).__name__

    def _keep_authority(self) -> None:
        """Caddy makes its authority when it first starts; a person would trust it by `caddy trust`."""
        inside = f"{self.container('caddy')}:/data/caddy/pki/authorities/local/root.crt"
        Local().check(["docker", "cp", inside, str(self.authority)])
        self._trust(self.authority.read_text())

    def _trust(self, *more: str) -> None:
        """Whom else Backout's requests trust, beside the public authorities."""
        (self.folder / "trusted.crt").write_text("\n".join([Path(certifi.where()).read_text(), *more]))


def services(slot: str) -> list[str]:
    """The services of a slot; the gateway names its release."""
    return [f"{slot}-api-gateway", f"{slot}-consciousness-backend"]
