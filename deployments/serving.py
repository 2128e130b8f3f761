"""What a running `backout serve` tells the other processes of its host, in `Home.serve_file`."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from blocks.files import locked, replace_file
from blocks.home import Home
from blocks.installation import SERVE_LOCK
from domain.errors import BackoutError

LOOKED_AT_S = 0.5
"""Whoever asks whether a `serve` runs holds its lock for a moment."""


@dataclass(frozen=True)
class Serving:
    """A `serve` that is ready.

    Attributes:
        pid: process id of `serve`.
        prefect_api_url: for `PREFECT_API_URL`.
        auth_file: file with the credential for it, or none where the server is not ours.
        database_url: the store's PostgreSQL.
        socket: unix socket of the approval service.
        api_url: base URL of the deployment API, also while its port is waited for; None where it is off.
        api_token_file: file with the token for it.
    """

    pid: int
    prefect_api_url: str
    auth_file: str | None
    database_url: str
    socket: str
    api_url: str | None = None
    api_token_file: str | None = None

    @property
    def ui_url(self) -> str:
        """Address of Prefect's UI."""
        return self.prefect_api_url.removesuffix("/api")


@dataclass(eq=False)
class AlreadyServing(BackoutError):
    """Another `serve` runs on this home."""

    home: Path

    def what(self) -> str:
        """Which home is taken."""
        return f"another `backout serve` runs on {self.home}"

    def next_step(self) -> str:
        """How to run two."""
        return "use that one, or set BACKOUT_HOME to another folder"


@contextlib.contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the home for this process; the kernel lets go when it dies. Raises `AlreadyServing`."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(home.state / SERVE_LOCK, LOOKED_AT_S))
        except TimeoutError:
            raise AlreadyServing(home.root) from None
        home.serve_file.unlink(missing_ok=True)
        yield


@contextlib.contextmanager
def announced(home: Home, serving: Serving) -> Iterator[None]:
    """The serve file is there, whole and closed to others, while the block runs."""
    replace_file(home.serve_file, json.dumps(asdict(serving), indent=2).encode())
    try:
        yield
    finally:
        home.serve_file.unlink(missing_ok=True)
