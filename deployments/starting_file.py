"""The first `backout.yaml`: what is found in a project's folder, and a commented file for it."""

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from blocks.home import Home
from domain.names import block_name

SIGNS = {
    "Docker Compose": ("docker-compose*.y*ml", "compose*.y*ml", "deploy/docker-compose*.y*ml"),
    "Caddy": ("Caddyfile", "caddy/Caddyfile", "deploy/Caddyfile"),
    "nginx": ("nginx.conf", "nginx/*.conf", "deploy/nginx*.conf"),
    "supervisor": ("supervisord.conf", "supervisor/*.conf"),
    "Kubernetes": ("k8s/*.y*ml", "kubernetes/*.y*ml", "manifests/*.y*ml"),
    "SQL migrations": ("migrations/*.sql",),
    "Alembic": ("alembic.ini",),
}
"""What a stack leaves in a project's folder."""


def detect(folder: Path) -> list[str]:
    """The stacks whose files are there, in the order of `SIGNS`."""
    return [
        stack for stack, patterns in SIGNS.items() if any(any(folder.glob(pattern)) for pattern in patterns)
    ]


def name_for(folder: Path) -> str:
    """`folder-name/production`."""
    plain = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return f"{plain or 'app'}/production"


@dataclass(frozen=True)
class Places:
    """Where the slots keep their files, what the router reads, and the channel's log."""

    slots: Path
    active: Path
    messages: Path


def places(home: Home, name: str, user: int) -> Places:
    """The system's folders for root; for everybody else below `BACKOUT_HOME`, which they may write to."""
    app = block_name(name)
    if user == 0:
        active = Path("/run/backout") / app / "active"
        return Places(Path("/var/lib/backout") / app, active, Path(f"/var/log/backout-{app}.log"))
    own = home.root / "applications" / app
    return Places(own / "slots", own / "active", own / "messages.log")


def render(found: list[str], name: str, where: Places) -> str:
    """The file's text."""
    return _environment().get_template("backout.yaml.j2").render(found=found, name=name, places=where)


def _environment() -> Environment:
    loader = PackageLoader("deployments", "templates")
    return SandboxedEnvironment(
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
