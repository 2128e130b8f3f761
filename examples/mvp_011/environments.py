"""Blue and green: two processes with a release each, which one serves, and the history of it, kept in one file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blocks.files import replace_file
from examples.demo.ports import free_ports
from examples.demo.waiting import wait_until_listening

NAMES = ("blue", "green")
CHECKOUT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH")
KEYS_KEPT = 100


class NothingBefore(Exception):
    """No environment holds an earlier release."""


class Environments:
    """The two of one folder. One thing is done at a time; who asks where traffic goes never waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        self._turn = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._state: dict[str, Any] = self._kept()

    @property
    def current(self) -> str | None:
        """The environment with the traffic; None before the first deployment."""
        found: str | None = self._state["current"]
        return found

    def status(self) -> dict[str, Any]:
        """What `GET /deployment/status` answers: the history's newest entry last."""
        return {"currentEnvironment": self.current, "deploymentHistory": list(self._state["history"])}

    def resume(self) -> None:
        """Start the releases that this folder already knows."""
        for name in self._state["releases"]:
            self._start(name)

    def deploy(self, version: str, fault: str) -> dict[str, Any]:
        """Put a release into the idle environment, start it, and give it the traffic."""
        with self._turn:
            idle = NAMES[0] if self.current is None else _other(self.current)
            self._stop(idle)
            self._state["releases"][idle] = {"version": version, "fault": fault}
            self._start(idle)
            return self._switch(idle, "deploy")

    def go_back(self, key: str | None, work_s: float = 0.0) -> dict[str, Any]:
        """Give traffic to the other environment. A key that was seen before gets the answer of that time.

        Raises:
            NothingBefore: there is nothing in it.
        """
        with self._turn:
            if key is not None and key in self._state["keys"]:
                known: dict[str, Any] = self._state["keys"][key]
                return known
            target = _other(self.current) if self.current else None
            if target is None or target not in self._state["releases"]:
                raise NothingBefore
            time.sleep(work_s)
            self._start(target)
            return self._switch(target, "rollback", key)

    def stop(self) -> None:
        """End both."""
        for name in list(self._running):
            self._stop(name)

    def _switch(self, target: str, action: str, key: str | None = None) -> dict[str, Any]:
        before, version = self.current, self._state["releases"][target]["version"]
        self._state["history"].append(
            {
                "environment": target,
                "version": version,
                "timestamp": datetime.now(UTC).isoformat(),
                "status": "success",
                "action": action,
            }
        )
        self._state["current"] = target
        answer = {
            "success": True,
            "previousEnvironment": before,
            "currentEnvironment": target,
            "version": version,
        }
        if key is not None:
            keys = {**self._state["keys"], key: answer}
            self._state["keys"] = dict(list(keys.items())[-KEYS_KEPT:])
        self._keep()
        return answer

    def _start(self, name: str) -> None:
        running = self._running.get(name)
        if running is not None and running.poll() is None:
            return
        release = self._state["releases"][name]
        own = {"APP_VERSION": release["version"], "ENVIRONMENT": name, "FAULT": release["fault"]}
        inherited = {variable: os.environ[variable] for variable in INHERITED if variable in os.environ}
        argv = [sys.executable, "-m", "examples.mvp_011.application", "--port", str(self.ports[name])]
        self._running[name] = subprocess.Popen(
            argv, env={**inherited, **own}, cwd=CHECKOUT, stdin=subprocess.DEVNULL
        )
        wait_until_listening(self.ports[name], name)

    def _stop(self, name: str) -> None:
        running = self._running.pop(name, None)
        if running is not None:
            running.kill()
            running.wait()

    @property
    def _file(self) -> Path:
        return self.folder / "state.json"

    def _kept(self) -> dict[str, Any]:
        if not self._file.exists():
            return {"current": None, "releases": {}, "history": [], "keys": {}}
        kept: dict[str, Any] = json.loads(self._file.read_text())
        return kept

    def _keep(self) -> None:
        replace_file(self._file, json.dumps(self._state, indent=2).encode())


def _other(name: str | None) -> str:
    return NAMES[1] if name == NAMES[0] else NAMES[0]
