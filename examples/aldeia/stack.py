"""Aldeia on this host: the checkout, its `.env`, its containers, and how a team deploys it by hand."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path

import httpx

from blocks.compose_program import ComposeProject
from examples.aldeia.history import Repository
from examples.demo.ports import free_ports
from examples.demo.waiting import wait_until

FOLDER = Path(__file__).parent
COMPOSE_FILE = "docker-compose.production.yml"
BASE = "debian:bookworm-slim"
BASE_IMAGE = "aldeia-base:debian-12"
BUILT = ("backend", "chatbot-frontend")
BUILD_S = 900.0
UP_S = 180.0


def build_base(base: str = BASE, name: str = BASE_IMAGE) -> str:
    """Build the image that all others build on; its name. A no-op where nothing changed: Docker keeps the layers."""
    argv = [
        "docker",
        "build",
        "--quiet",
        "--build-arg",
        f"BASE={base}",
        "--tag",
        name,
        str(FOLDER / "images" / "base"),
    ]
    subprocess.run(argv, check=True, capture_output=True)
    return name


class Stack:
    """One Aldeia: a folder, and a Compose project of its own."""

    def __init__(self, folder: Path, project: str, environment: Mapping[str, str]) -> None:
        self.checkout = folder / "aldeia"
        self.name = project
        self.repository = Repository(self.checkout)
        self.project = ComposeProject(name=project, folder=self.checkout, files=[Path(COMPOSE_FILE)])
        self._environment = dict(environment)

    @classmethod
    def new(cls, folder: Path, project: str, base_image: str, **more: str) -> Stack:
        """One that nothing is there of yet, with ports and secrets of its own. `more`: further lines of its `.env`."""
        port, database_port = free_ports(2)
        password = secrets.token_urlsafe(18)
        environment = {
            "PROJECT": project,
            "BASE": base_image,
            "PORT": str(port),
            "POSTGRES_PORT": str(database_port),
            "POSTGRES_PASSWORD": password,
            "DATABASE_URL": f"postgresql://aldeia:{password}@postgres:5432/aldeia",
            "JWT_SECRET": secrets.token_urlsafe(24),
            "FEATURE_NEW_CHAT": "true",
        }
        return cls(folder, project, {**environment, **more})

    @classmethod
    def attach(cls, folder: Path) -> Stack:
        """The one that stands in this folder."""
        lines = (folder / "aldeia" / ".env").read_text().splitlines()
        environment = dict(line.split("=", 1) for line in lines)
        return cls(folder, environment["PROJECT"], environment)

    @property
    def address(self) -> str:
        """Where users reach it."""
        return f"http://127.0.0.1:{self._environment['PORT']}"

    @property
    def database_url(self) -> str:
        """The database, as this host reaches it."""
        password, port = self._environment["POSTGRES_PASSWORD"], self._environment["POSTGRES_PORT"]
        return f"postgresql://aldeia:{password}@127.0.0.1:{port}/aldeia"

    def variables(self) -> dict[str, str]:
        """What `backout.yaml` refers to."""
        return {
            "ALDEIA_PROJECT": self.name,
            "ALDEIA_FOLDER": str(self.checkout),
            "ALDEIA_ADDRESS": self.address,
            "ALDEIA_DATABASE_URL": self.database_url,
            "ALDEIA_DATABASE_URL_INSIDE": self._environment["DATABASE_URL"],
        }

    def create(self) -> Stack:
        """The repository and its `.env`; nothing runs yet."""
        self.repository.create()
        file = self.checkout / ".env"
        file.touch(mode=0o600)
        file.write_text("\n".join(f"{name}={value}" for name, value in self._environment.items()) + "\n")
        return self

    def deploy(self, *services: str, answers: bool = True) -> None:
        """Build and start what is checked out, as the team does it; return when it answers, if it is to."""
        self.project.run("build", *services, timeout_s=BUILD_S)
        self.up(answers=answers)

    def up(self, *, answers: bool = True) -> None:
        """Start what is built."""
        self.project.run("up", "--detach", "--remove-orphans", timeout_s=UP_S)
        if answers:
            wait_until(self.answers, f"{self.name} to answer", UP_S)

    def migrate(self, act: str = "up") -> str:
        """`./migrate` in the backend's container; what it printed."""
        return self.project.run("exec", "-T", "backend", "./migrate", act, timeout_s=UP_S)

    def tested(self, failed: str = "") -> None:
        """What the team's CI leaves after `npm test`, and after `validate-deployment.sh` on staging. `failed`: a test that did."""
        folder = self.checkout.parent / "results"
        folder.mkdir(exist_ok=True)
        why = f"<failure message='{failed}'/>" if failed else ""
        for name in ("tests", "staging"):
            case = f"<testcase classname='{name}' name='register and log in'>{why}</testcase>"
            (folder / f"{name}.xml").write_text(f"<testsuite name='{name}'>{case}</testsuite>\n")

    def start(self) -> Stack:
        """All of it, on `v1.1.0`, with the database's tables."""
        self.create().deploy()
        self.migrate()
        return self

    def answers(self) -> bool:
        """Whether users get a healthy answer."""
        try:
            return (
                httpx.get(f"{self.address}/api/health", timeout=10, trust_env=False).status_code
                == httpx.codes.OK
            )
        except httpx.TransportError:
            return False

    def health(self) -> dict[str, str]:
        """What users get from the backend."""
        found: dict[str, str] = httpx.get(f"{self.address}/api/health", timeout=10, trust_env=False).json()
        return found

    def page(self) -> str:
        """The front page."""
        return httpx.get(self.address, timeout=10, trust_env=False).text

    def stop(self) -> None:
        """Remove its containers, network, volumes and images."""
        self.project.run("down", "--timeout", "1", "--volumes", "--remove-orphans", timeout_s=UP_S)
        listed = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
        names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()
        built = {f"{self.name}{between}{service}" for between in "-_" for service in BUILT}
        ours = [name for name in names if name.rpartition(":")[0] in built]
        if ours:
            subprocess.run(["docker", "image", "rm", "--force", *ours], check=True, capture_output=True)
