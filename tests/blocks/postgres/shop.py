"""A small shop's data, and backups of it."""

from collections.abc import Callable
from pathlib import Path

from blocks.postgres.dump import back_up
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.database.backup import Manifest
from domain.database.progress import Progress
from tests.blocks.postgres.cluster import Cluster

CUSTOMERS, ORDERS = 30, 500


def fill(server: Server) -> None:
    """Tables with what dumps trip over: odd names, a sequence, a large object, a view, a partition."""
    with server.connected() as connection:
        connection.execute("CREATE TABLE customers (id serial PRIMARY KEY, email text UNIQUE NOT NULL)")
        connection.execute('CREATE TABLE "Odd ""orders" (id serial PRIMARY KEY, total numeric, note text)')
        connection.execute("CREATE TABLE visits (at date, page text) PARTITION BY RANGE (at)")
        connection.execute(
            "CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2026-01-01')"
        )
        connection.execute("CREATE VIEW rich AS SELECT * FROM customers WHERE id < 5")
        connection.execute("INSERT INTO visits VALUES ('2025-05-05', '/'), ('2025-06-06', '/basket')")
        connection.execute("SELECT lo_from_bytea(0, 'a large object')")
        connection.execute(
            "INSERT INTO customers (email) SELECT 'c' || n || '@example.com' FROM generate_series(1, %s) n",
            [CUSTOMERS],
        )
        connection.execute(
            """INSERT INTO "Odd ""orders" (total, note) SELECT n, E'tab\\t' || n FROM generate_series(1, %s) n""",
            [ORDERS],
        )


def enlarge(server: Server, rows: int = 200_000) -> None:
    """A table that takes a dump a second or more: it cannot be compressed."""
    with server.connected() as connection:
        connection.execute("CREATE TABLE events (id int PRIMARY KEY, body text)")
        connection.execute(
            """INSERT INTO events
            SELECT n, md5(n::text) || md5((n + 0.5)::text) || md5((n + 0.25)::text) || md5((n + 0.125)::text)
            FROM generate_series(1, %s) n""",
            [rows],
        )


def programs_of(cluster: Cluster) -> Programs:
    """The client programs of the cluster's own version."""
    return Programs(folder=cluster.programs)


def taken(
    server: Server,
    programs: Programs,
    folder: Path,
    label: str = "manual",
    progress: Callable[[Progress], None] | None = None,
) -> Manifest:
    """A backup whose labels do not matter."""
    return back_up(
        server,
        programs,
        folder,
        application="shop/production",
        label=label,
        release="1.4.0",
        schema_version="0003",
        progress=progress,
    )
