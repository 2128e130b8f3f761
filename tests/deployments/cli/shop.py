"""The demo's application under a real `backout serve`, and the `backout` command as a person or a script runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blocks import configuration
from blocks.home import Home
from blocks.platforms.processes import Processes
from deployments.catalog import ROOT
from deployments.prefect_api import PrefectApi
from examples.demo import document
from examples.demo.stack import Release, Stack
from tests.deployments.cli.warm import Warm

APP = "flappyjournal/production"
OLD, NEW = "1.0", "2.0"
PATIENCE_SECONDS = 120
COMMAND = [sys.executable, "-m", "deployments.cli"]


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON value it must be."""
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """All that a person reads, with the terminal's line breaks taken out."""
        return " ".join((self.out + self.err).split())


@dataclass
class Shop:
    """A stack, a home, and the variables that lead to both."""

    stack: Stack
    home: Home
    warm: Warm | None = None

    def environ(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        given: dict[str, str | None] = {
            **os.environ, **self.stack.environment, "BACKOUT_HOME": str(self.home.root), "COLUMNS": "80", **(changes or {}),
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}

    def start(self, *arguments: str, **changes: str | None) -> subprocess.Popen[str]:
        """The command, running. Ctrl-C reaches it as it does in a terminal."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environ(changes),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **changes: str | None) -> Done:
        """The command, to its end. `changes`: variables, None takes one away; then it is started from nothing."""
        done = self.warm.run([*arguments], self.environ()) if self.warm and not changes else None
        return Done(*done) if done else ended(self.start(*arguments, **changes))

    def bad_release_serves(self) -> None:
        """As after a deployment that nobody noticed to be bad."""
        self.platform.activate("green", self.platform.route())

    def good_release_serves(self) -> None:
        self.platform.activate("blue", self.platform.route())

    @property
    def serving(self) -> str | None:
        return self.platform.route().slot

    @property
    def platform(self) -> Processes:
        entry = self.entry()
        values = self.stack.environment
        platform = configuration.document(entry, "the tests", values).platform
        assert isinstance(platform, Processes)
        return platform

    def entry(self, name: str = APP) -> dict[str, Any]:
        """A `backout.yaml` entry: the demo's, with a short watch that nobody but the run itself starts."""
        releases = {"blue": Release(OLD), "green": Release(NEW, "errors")}
        for release in releases.values():
            self.stack.lay_out(release)
        entry = document.application(self.stack, releases, sys.executable)
        short = {"preset": "flappyjournal", "watch_s": 1}
        return {**entry, "name": name, "policy": short, "watch": {"enabled": False}}

    def write(self, name: str, *entries: Mapping[str, Any]) -> Path:
        """A configuration file of these applications."""
        file = self.stack.folder / name
        file.write_text(yaml.safe_dump({"applications": [dict(entry) for entry in entries]}, sort_keys=False))
        return file

    def apply(self, entry: Mapping[str, Any]) -> str:
        """Apply one application; its name."""
        name = str(entry["name"])
        done = self.run("apply", str(self.write(f"{name.replace('/', '--')}.yaml", entry)))
        assert done.code == 0, done
        return name


def ended(process: subprocess.Popen[str]) -> Done:
    """Wait for a command's end."""
    try:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args!r} did not end: {out} {err}") from None
    return Done(process.returncode, out, err)


def ctrl_c(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def change_block(api: PrefectApi, name: str, change: Mapping[str, Any]) -> None:
    """What a person does in Prefect's UI."""
    path = f"/block_types/slug/backout-application/block_documents/name/{name}"
    found = api.call("GET", path)
    data = {**found["data"], "document": {**found["data"]["document"], **change}}
    api.call("PATCH", f"/block_documents/{found['id']}", {"data": data, "merge_existing_data": True})


def closed_port() -> int:
    """Nobody listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
