"""Aldeia as it stands at first: v1.1.0 runs, v1.0.0 served before. What a test does to it, the next one finds undone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import yaml

from blocks import configuration
from blocks.checkout.preparation import recipe_of
from blocks.document import Document
from blocks.platforms.checkout import Checkout
from blocks.platforms.contract import Ready
from domain.release import Release
from examples.aldeia.history import Repository
from examples.aldeia.stack import FOLDER, Stack, build_base
from tests.flows.stage import FIRST

OLD, NEW = "v1.0.0", "v1.1.0"
JWT_SECRET = "correct-horse-battery-staple"
"""The secret that the contract suite looks for."""

KEPT = pytest.StashKey["Aldeia"]()
COMPONENTS = ("backend", "chatbot-frontend")


class Aldeia:
    """The stack, and the platform as `backout.yaml` has it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.raw = yaml.safe_load((FOLDER / "backout.yaml").read_text())["applications"][0]
        self.platform = self.checkout()
        self.environment = (stack.checkout / ".env").read_bytes()

    def document(self, name: str = "aldeia/production", **changes: Any) -> Document:
        """The application of the example, with changes."""
        raw = {**self.raw, "name": name, **changes}
        return configuration.document(raw, "backout.yaml of Aldeia", self.stack.variables())

    def checkout(self) -> Checkout:
        """The platform, as a new process has it."""
        found = self.document().platform
        assert isinstance(found, Checkout)
        return found

    @property
    def repository(self) -> Repository:
        return self.stack.repository

    @property
    def folder(self) -> Path:
        return self.stack.checkout

    def containers(self) -> dict[str, str]:
        """Service -> its container's id."""
        return {name: one.id for name, one in self.platform.site.services.now().items()}

    def commit(self) -> str:
        return self.repository.git("rev-parse", "HEAD")

    def is_clean_on(self, tag: str) -> bool:
        """Whether the work tree is exactly the tag's."""
        dirty = self.repository.git("status", "--porcelain", "--untracked-files=all")
        return not dirty and tag in self.repository.git("tag", "--points-at", "HEAD").split()

    def answering(self) -> str:
        """The release that users get: both components must be of it."""
        version = self.stack.health()["version"]
        assert f"Release {version}<" in self.stack.page()
        return version

    def features(self) -> dict[str, bool]:
        """What users get of features."""
        found: dict[str, bool] = httpx.get(
            f"{self.stack.address}/api/features", timeout=10, trust_env=False
        ).json()
        return found

    def accounts(self) -> list[str]:
        """The users that are registered."""
        with psycopg.connect(self.stack.database_url) as connection:
            return [email for (email,) in connection.execute("SELECT email FROM users").fetchall()]

    def change_environment(self, variable: str, value: str) -> None:
        """As a person with an editor does it, after a copy was kept; a second later, as its time shows."""
        self.platform.site.environment.keep()
        file = self.folder / ".env"
        old = file.stat().st_mtime
        lines = [line for line in file.read_text().splitlines() if not line.startswith(f"{variable}=")]
        file.write_text("\n".join([*lines, f"{variable}={value}"]) + "\n")
        os.utime(file, (old + 1, old + 1))

    def keep_environment_of(self, release: str) -> bytes:
        """A `.env` of this release's own, kept as if it had been replaced; its content."""
        file = self.folder / ".env"
        own = self.environment + f"# as {release} has it\n".encode()
        file.write_bytes(own)
        self.platform.site.environment.keep(self.repository.git("rev-parse", release))
        file.write_bytes(self.environment)
        return own

    def put(self, release: str) -> None:
        """Put a release in place, as a rollback does."""
        made = self.platform.prepare(release, lambda _slot: [])
        assert isinstance(made, Ready), made
        self.platform.activate(release, self.platform.route())

    def deploy(self, tag: str, fault: str = "", *services: str) -> None:
        """As the team does it: a new release, built and started."""
        self.repository.release(tag, fault)
        self.stack.deploy(*services, answers=not fault)

    def restore(self) -> None:
        """As it stood at first: v1.1.0 in place, no local change, nothing stashed, no other tag."""
        git = self.repository.git
        git("checkout", "--quiet", "--force", "main")
        git("reset", "--quiet", "--hard", NEW)
        git("clean", "--quiet", "--force", "-d")
        git("stash", "clear")
        for branch in git("branch", "--list", "--format=%(refname:short)", "hotfix/*").split():
            git("branch", "--quiet", "--delete", "--force", branch)
        for tag in git("tag", "--list", "v1.*").split():
            if tag not in (OLD, NEW):
                git("tag", "--delete", tag)
        for file in self.platform.site.git.own.glob("intent-*.json"):
            file.unlink()
        for kept in self.platform.site.environment.kept():
            kept.path.unlink()
        (self.folder / ".env").write_bytes(self.environment)
        self._start_again()

    def sleep(self) -> None:
        """Freeze what runs. It only saves time: what a busy engine does not freeze runs on."""
        self._to_each("pause", "running", check=False)

    def wake(self) -> None:
        """Let it run on."""
        self._to_each("unpause", "paused")

    def _to_each(self, act: str, status: str, *, check: bool = True) -> None:
        filters = [
            f"--filter=label=com.docker.compose.project={self.stack.name}",
            f"--filter=status={status}",
        ]
        listed = ["docker", "ps", "--quiet", *filters]
        found = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()
        if found:
            subprocess.run(["docker", act, *found], check=check, capture_output=True)

    def _start_again(self) -> None:
        seen = self.platform.site.see()
        own = [seen.containers.get(name) for name in COMPONENTS]
        right = all(self.commit() in seen.commits.get(name, ()) for name in COMPONENTS)
        values = set(self.environment.decode().splitlines())
        if right and all(one and one.running and _reads(dict(one.env), values) for one in own):
            return
        site = self.platform.site
        built = recipe_of(site, site.releases.of(self.commit())).built
        site.images.point(built, site.images.of(built, self.commit()))
        self.stack.up()


def _reads(env: dict[str, str], lines: set[str]) -> bool:
    """Whether what the container has of these variables is what the file says."""
    told = dict(line.split("=", 1) for line in lines)
    return all(env[name] == value for name, value in told.items() if name in env)


@contextmanager
def awake(config: pytest.Config, base_image: str) -> Iterator[Aldeia]:
    """The session's one Aldeia, asleep between the modules that use it: its health checks alone take most of a core."""
    aldeia = config.stash[KEPT] if KEPT in config.stash else _started(config, base_image)
    aldeia.wake()
    yield aldeia
    aldeia.sleep()


def _started(config: pytest.Config, base_image: str) -> Aldeia:
    """One for all tests of a session: to start it takes longer than most of them. It is removed at the end."""
    # Not below pytest's folder, which it may clear before the end.
    folder = Path(tempfile.mkdtemp(prefix="backout-aldeia-", dir="/tmp"))
    stack = Stack.new(folder, f"aldeia-{uuid4().hex[:8]}", build_base(base_image), JWT_SECRET=JWT_SECRET)
    config.add_cleanup(lambda: shutil.rmtree(folder))
    config.add_cleanup(stack.stop)
    stack.start()
    aldeia = config.stash[KEPT] = Aldeia(stack)
    config.add_cleanup(aldeia.wake)
    assert isinstance(aldeia.platform.prepare(OLD, lambda _slot: []), Ready)
    return aldeia


def served(name: str) -> list[Release]:
    """What the store knows: v1.0.0 served, then v1.1.0."""
    days = zip((OLD, NEW), (1, 2), strict=True)
    return [Release(application=name, version=tag, recorded_at=FIRST.replace(day=day)) for tag, day in days]
