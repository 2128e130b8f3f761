"""Prefect's own server as a child of ours, on the embedded PostgreSQL, closed to all but this user."""

import fcntl
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from deployments.prefect_environment import client_environment, server_environment, without_prefect
from domain.errors import PrefectUnavailable

LOOPBACK = "127.0.0.1"
START = ("-m", "prefect", "server", "start")
HEALTHY_SECONDS = 120
STOP_SECONDS = 15
LOOK_SECONDS = 0.2


@dataclass
class PrefectServer:
    """A server between `start()` and `stop()`: loopback only, on a free port, with a credential of this home."""

    home: Home
    postgres: EmbeddedPostgres
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """Address of the API, for `PREFECT_API_URL`."""
        return f"http://{LOOPBACK}:{self.port}/api"

    @property
    def ui_url(self) -> str:
        """Address of the UI, for a browser on this host."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.home.logs / "prefect-server.log"

    def client_environment(self) -> dict[str, str]:
        """Variables that make a process a client of this server."""
        return client_environment(self.home, self.api_url)

    def start(self) -> None:
        """Start the server and wait until it is healthy. PostgreSQL must run. Raises `PrefectUnavailable`."""
        with self._take_mark() as mark:
            self.port = _free_port(self._last_port())
            self.process = self._spawn((mark.fileno(), *self.postgres.hold_descriptors()))
            mark.truncate(0)
            mark.write(f"{self.process.pid} {self.port}".encode())
        self._wait_until_healthy()

    def has_ended(self) -> bool:
        """Whether the server that `start()` started is gone without being told to."""
        return self.process is not None and self.process.poll() is not None

    def _spawn(self, inherited: tuple[int, ...]) -> subprocess.Popen[bytes]:
        environment = server_environment(self.home, self.port, self.postgres.asyncpg_url())
        with private_log(self.log) as output:
            return subprocess.Popen(
                [sys.executable, *START, "--host", LOOPBACK, "--port", str(self.port)],
                env=without_prefect(os.environ) | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C in the terminal is for us: the server stops after the runs have drained.
                start_new_session=True,
                pass_fds=inherited,
            )

    def stop(self) -> None:
        """Stop the server that `start()` started, and wait until it is gone."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while not _is_healthy(self.api_url):
            ended = self.process.poll() if self.process else None
            if ended is not None or time.monotonic() > deadline:
                self.stop()
                why = "not healthy in time" if ended is None else f"it ended with {ended}"
                raise PrefectUnavailable(
                    "Prefect's server", self.api_url, f"{why}; its output is in {self.log}"
                )
            time.sleep(LOOK_SECONDS)

    def _take_mark(self) -> IO[bytes]:
        """A locked file that the server inherits: locked means that a server of this home still runs.

        One that outlived a killed `backout serve` is stopped first, so that two never share a database.
        """
        mark = self._mark_file().open("a+b", buffering=0)
        tries = itertools.chain(
            [signal.SIGTERM] * int(STOP_SECONDS / LOOK_SECONDS), itertools.repeat(signal.SIGKILL)
        )
        for stronger in tries:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.kill(int(self._mark_file().read_text().split()[0]), stronger)
                time.sleep(LOOK_SECONDS)
            else:
                break
        return mark

    def _mark_file(self) -> Path:
        return self.home.state / "prefect-server"

    def _last_port(self) -> int:
        """The port of the server before: runs that outlived it, and bookmarks, find the new one there."""
        words = self._mark_file().read_text().split()
        return int(words[1]) if len(words) > 1 else 0


def private_log(file: Path) -> IO[bytes]:
    """The log file opened for appending, closed to other users."""
    file.touch(mode=0o600)
    return file.open("ab")


def _free_port(wanted: int) -> int:
    """The wanted port where it is free, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_healthy(api_url: str) -> bool:
    try:
        return httpx.get(f"{api_url}/health", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
