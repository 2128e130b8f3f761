"""A shop with a backup beside which it goes on working, and what is seen of its databases."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from blocks.postgres.backups import listed
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.backup import Backup
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.shop import fill, taken
from tests.blocks.waiting import wait_until

PAUSE_S = 0.002
WRITES = "CREATE TABLE writes (id uuid PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())"


def backed_up(server: Server, programs: Programs, folder: Path) -> Backup:
    """The shop's tables, and a backup of them."""
    fill(server)
    with server.connected() as connection:
        connection.execute(WRITES)
        connection.execute("INSERT INTO writes VALUES (gen_random_uuid())")
    taken(server, programs, folder)
    return listed(folder)[0]


def databases(cluster: Cluster, server: Server) -> dict[str, bool]:
    """All that belongs to the server's owner: name -> whether connections are allowed."""
    owner = server.owner_url.get_secret_value()
    role = psycopg.conninfo.conninfo_to_dict(owner)["user"]
    with cluster.connect() as connection:
        rows = connection.execute(
            "SELECT datname, datallowconn FROM pg_database WHERE pg_get_userbyid(datdba) = %s", [role]
        ).fetchall()
    return dict(rows)


def customers(server: Server, database: str | None = None) -> int:
    """Rows of the shop's first table, as the owner sees them over a new connection."""
    with server.connected(database) as connection:
        row = connection.execute("SELECT count(*) FROM customers").fetchone()
    return int(row[0]) if row else -1


def written(server: Server, database: str | None = None) -> set[str]:
    """What the writer wrote there."""
    with server.connected(database) as connection:
        return {str(row[0]) for row in connection.execute("SELECT id FROM writes").fetchall()}


class Writer:
    """The application: writes row after row, and connects again whenever it is sent away."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self.outages: list[str] = []
        self.broken: list[BaseException] = []

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._address, autocommit=True) as connection:
                    self._write(connection)
            except psycopg.OperationalError as error:
                self.outages.append(str(error))
                self._stop.wait(PAUSE_S)
            except psycopg.Error as error:
                self.broken.append(error)
                return

    def _write(self, connection: psycopg.Connection[tuple[str]]) -> None:
        while not self._stop.is_set():
            row = str(uuid.uuid4())
            connection.execute("INSERT INTO writes (id) VALUES (%s)", [row])
            self.acknowledged.append(row)
            self._stop.wait(PAUSE_S)

    def more(self, rows: int = 10) -> None:
        """Return when it has written so many more."""
        wanted = len(self.acknowledged) + rows
        wait_until(lambda: len(self.acknowledged) >= wanted or self.broken, "rows of the writer")
        assert self.broken == []

    def stop(self) -> None:
        self._stop.set()


class Watcher:
    """Looks all the time whether there is a database under the application's name, open or not."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._stop = threading.Event()
        self.looks = 0
        self.missing = 0

    def run(self) -> None:
        with self._cluster.connect() as connection:
            while not self._stop.is_set():
                query = "SELECT count(*) FROM pg_database WHERE datname = %s"
                row = connection.execute(query, [self._name]).fetchone()
                self.looks += 1
                self.missing += row != (1,)
                self._stop.wait(PAUSE_S / 2)

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def at_work(*workers: Writer | Watcher) -> Iterator[None]:
    """They work in the background; at the end they are over."""
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join()
