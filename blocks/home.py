"""Where Backout keeps what it keeps on this host: one folder, `BACKOUT_HOME`."""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOME = "~/.local/share/backout"
LONGEST_SOCKET_PATH = 107
"""Bytes a unix socket's path may have on Linux (`sun_path` in unix(7), less its closing zero)."""

LONGEST_SOCKET_NAME = 40
"""Bytes kept free for a socket's name below `Home.run`."""

PRIVATE = 0o700
SEARCHABLE = 0o711
SHORT_FOLDERS = Path("/tmp")  # noqa: S108 - TMPDIR may be as long as the home itself


@dataclass(frozen=True)
class Home:
    """The folders and files below `BACKOUT_HOME`. Nothing is created before `ensure()`."""

    root: Path

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Home":
        """The home that `BACKOUT_HOME` names (default `~/.local/share/backout`), as an absolute path."""
        variables = os.environ if environ is None else environ
        folder = variables.get("BACKOUT_HOME") or DEFAULT_HOME
        return cls(Path(folder).expanduser().resolve())

    @property
    def postgres(self) -> Path:
        """Data folder of the embedded PostgreSQL cluster."""
        return self.root / "postgres"

    @property
    def prefect(self) -> Path:
        """`PREFECT_HOME` of the Prefect server, the worker and the runs that Backout starts."""
        return self.root / "prefect"

    @property
    def keys(self) -> Path:
        """Secrets made on this host, each a file of mode 0600."""
        return self.root / "keys"

    @property
    def evidence(self) -> Path:
        """What is kept of incidents: logs, dumps, reports."""
        return self.root / "evidence"

    @property
    def backups(self) -> Path:
        """Backups of the applications' databases, one folder an application."""
        return self.root / "backups"

    @property
    def state(self) -> Path:
        """Small files that outlive a process: locks, spools, counts."""
        return self.root / "state"

    @property
    def logs(self) -> Path:
        """Output of the processes Backout starts."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Unix sockets; a short folder below /tmp where the home is too long for a socket's path."""
        return socket_folder(self.root / "run")

    @property
    def serve_file(self) -> Path:
        """JSON of a running `backout serve`: pid, prefect_api_url, auth_file, database_url, socket."""
        return self.root / "serve.json"

    def ensure(self) -> "Home":
        """Create what is missing, closed to other users, and return the home.

        Raises `PermissionError` where a folder belongs to someone else, and other `OSError`s as they come.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        # PostgreSQL refuses to run as root: its own user must be able to pass through to its folder.
        close_to_others(self.root, SEARCHABLE if os.geteuid() == 0 else PRIVATE)
        for folder in (self.prefect, self.keys, self.evidence, self.backups, self.state, self.logs, self.run):
            folder.mkdir(mode=PRIVATE, exist_ok=True)
            close_to_others(folder)
        return self


def socket_folder(wanted: Path) -> Path:
    """The folder itself where a socket's path in it is short enough; else a short one named by its hash."""
    if len(os.fsencode(wanted)) + 1 + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    return SHORT_FOLDERS / f"backout-{digest}"


def close_to_others(folder: Path, mode: int = PRIVATE) -> None:
    """Set the folder's mode, after making sure that it is a real folder of ours and not one laid out for us.

    Raises `PermissionError` where it belongs to someone else or is a link.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(
            f"{folder} is not a folder of this user. Remove it, or set BACKOUT_HOME to another folder."
        )
    folder.chmod(mode)
