"""Real PostgreSQL clusters for tests: the wheel's 18, Debian's 15 where it is installed, or another one that is named."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from blocks.embedded_postgres import PROGRAMS, EmbeddedPostgres
from blocks.home import Home

DEBIANS = Path("/usr/lib/postgresql/15/bin")
NAMED = os.environ.get("BACKOUT_TEST_POSTGRES")
"""Folder of another version's programs, to try all this on: `BACKOUT_TEST_POSTGRES=/usr/lib/postgresql/17/bin`."""

RULES = "local all postgres trust\nlocal all all scram-sha-256\n"
OUTLIVES_KILL = ("fsync = off", "full_page_writes = off")
"""A test's cluster need not survive a power cut. `kill -9` it does: what it wrote is the kernel's to keep."""

SETTINGS = (*OUTLIVES_KILL, "synchronous_commit = off")
"""Of a cluster that nobody kills: its last commits may be lost then."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster: its superuser `postgres` needs no password, everybody else does.

    Attributes:
        programs: folder of the client programs of the same version.
    """

    major: int
    sockets: Path
    programs: Path

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """A conninfo; without a user the superuser's."""
        secret = {"password": password} if password else {}
        return make_conninfo("", host=str(self.sockets), dbname=database, user=user, **secret)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """As the superuser, each statement for itself; in words also where a database is SQL_ASCII."""
        return psycopg.connect(self.url(database), autocommit=True, client_encoding="UTF8")


def majors() -> list[int]:
    """The versions that tests run on, best first."""
    if not NAMED:
        return [18, 15]
    said = subprocess.run(
        [f"{NAMED}/postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return [int(said.split()[2].partition(".")[0])]


@contextmanager
def running(major: int) -> Iterator[Cluster]:
    """A cluster of its own. Not below pytest's folder, which it closes to PostgreSQL's own user again and again."""
    root = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    programs = Path(NAMED) if NAMED and major == majors()[0] else DEBIANS
    start = _wheels(root) if major == 18 else _installed(root, major, programs)
    try:
        with start as cluster:
            yield cluster
    finally:
        shutil.rmtree(root)


@contextmanager
def _wheels(root: Path) -> Iterator[Cluster]:
    with EmbeddedPostgres(Home(root / "home").ensure()) as server:
        cluster = Cluster(18, server.sockets, PROGRAMS)
        _configure(cluster, server.data)
        yield cluster


@contextmanager
def _installed(root: Path, major: int, programs: Path) -> Iterator[Cluster]:
    data = root / "data"
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(root, owner.pw_uid, owner.pw_gid)
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(root / "log")]
    made = ["-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    _run([str(programs / "initdb"), *made])
    _run([*control, "-o", f"-c listen_addresses='' -k {root}", "start"])
    try:
        cluster = Cluster(major, root, programs)
        _configure(cluster, data)
        yield cluster
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _configure(cluster: Cluster, data: Path) -> None:
    (data / "pg_hba.conf").write_text(RULES, encoding="utf-8")
    never_syncs(cluster.url(), SETTINGS)


def never_syncs(url: str, settings: Sequence[str] = OUTLIVES_KILL) -> None:
    """From now on the cluster at this superuser's address waits for no disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in settings:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")


def _run(argv: Sequence[str]) -> None:
    """As Debian's own user where we are root, which PostgreSQL refuses."""
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    # To a file: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            argv, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, **who
        )
        output.seek(0)
        assert done.returncode == 0, output.read()
