"""MVP-011 as a process of its own, in one folder, on a free port: for tests and for whoever wants it in the background."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import yaml

from examples.demo.ports import free_ports
from examples.demo.waiting import wait_until_listening
from examples.mvp_011.server import TOKEN, ApiFault

EXAMPLE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 30.0
STOP_SECONDS = 10.0


class Stack:
    """Between `up` and `down`."""

    def __init__(self, folder: Path, token: str | None = None) -> None:
        self.folder = folder
        self.token = token
        self.port = free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The API's base URL, and where users are."""
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> Stack:
        """Start the front; it has no release yet, or those that the folder knows."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **({TOKEN: self.token} if self.token else {})}
        argv = [sys.executable, "-m", "examples.mvp_011.server", "--folder", str(self.folder)]
        self._process = subprocess.Popen(
            [*argv, "--port", str(self.port)],
            cwd=EXAMPLE.parents[1],
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        wait_until_listening(self.port, "the deployment API")
        return self

    def down(self) -> None:
        """End it, and its environments."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
            self._process = None

    def deploy(self, version: str, fault: str = "none") -> None:
        """As a CI does it."""
        self._ask("POST", "/deployment/deploy", {"version": version, "fault": fault})

    def go_back(self) -> None:
        """As the runbook's curl does it."""
        self._ask("POST", "/deployment/rollback")

    def status(self) -> dict[str, Any]:
        """As the runbook's curl shows it."""
        found: dict[str, Any] = self._ask("GET", "/deployment/status").json()
        return found

    def spoil(self, fault: ApiFault) -> None:
        """Make the API's next rollback go wrong."""
        (self.folder / "api-fault").write_text(fault)

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = httpx.request(
            method, self.url + path, json=body, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False
        )
        return answer.raise_for_status()


def entry(url: str, **platform: Any) -> dict[str, Any]:
    """The entry of `backout.yaml` for an API at this URL; `platform` adds to its settings."""
    [application] = yaml.safe_load((EXAMPLE / "backout.yaml").read_text())["applications"]
    found: dict[str, Any] = application
    found["platform"] |= {"url": url, **platform}
    found["deploy"]["install"][-1] = f"{url}/deployment/deploy"
    return found
