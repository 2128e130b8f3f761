"""Real PostgreSQL clusters for tests: the wheel's 18, and Debian's 15 where it is installed."""

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
RULES = "local all postgres trust\nlocal all all scram-sha-256\n"
SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
"""A test's cluster need not survive a power cut."""


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
        """As the superuser, each statement for itself."""
        return psycopg.connect(self.url(database), autocommit=True)


@contextmanager
def running(major: int) -> Iterator[Cluster]:
    """A cluster of its own. Not below pytest's folder, which it closes to PostgreSQL's own user again and again."""
    root = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    start = _wheels if major == 18 else _debians
    try:
        with start(root) as cluster:
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
def _debians(root: Path) -> Iterator[Cluster]:
    data = root / "data"
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(root, owner.pw_uid, owner.pw_gid)
    control = ["pg_ctl", "-D", str(data), "-w", "-l", str(root / "log")]
    _run(["initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
    _run([*control, "-o", f"-c listen_addresses='' -k {root}", "start"])
    try:
        cluster = Cluster(15, root, DEBIANS)
        _configure(cluster, data)
        yield cluster
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _configure(cluster: Cluster, data: Path) -> None:
    (data / "pg_hba.conf").write_text(RULES, encoding="utf-8")
    with cluster.connect() as connection:
        for setting in SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")


def _run(argv: Sequence[str]) -> None:
    """As Debian's own user where we are root, which PostgreSQL refuses."""
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    command = [str(DEBIANS / argv[0]), *argv[1:]]
    # To a file: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, **who
        )
        output.seek(0)
        assert done.returncode == 0, output.read()
