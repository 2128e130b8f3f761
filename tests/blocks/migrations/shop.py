"""The schema that every adapter's test migrates: versions 9, 10 and 11, and a gate at which a step can be held."""

from dataclasses import dataclass

from psycopg import sql

from blocks.postgres.server import Server

GATE = 42
AT_GATE = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted"


@dataclass(frozen=True)
class Change:
    """One migration. `down`: None where there is no way back."""

    number: int
    name: str
    up: str
    down: str | None


USERS = Change(9, "users", "CREATE TABLE users (id int PRIMARY KEY, email text)", "DROP TABLE users")
PHONE = Change(10, "phone", "ALTER TABLE users ADD phone text", "ALTER TABLE users DROP COLUMN phone")
ORDERS = Change(11, "orders", "CREATE TABLE orders (id int PRIMARY KEY)", "DROP TABLE orders")
SHOP = (USERS, PHONE, ORDERS)

BREAKS = Change(
    11,
    "orders",
    "CREATE TABLE orders (id int PRIMARY KEY)",
    "DROP TABLE orders; ALTER TABLE users DROP COLUMN never_there",
)
ONE_WAY = Change(11, "orders", "CREATE TABLE orders (id int PRIMARY KEY)", None)
HELD = Change(
    11,
    "orders",
    "CREATE TABLE orders (id int PRIMARY KEY)",
    f"DROP TABLE orders; SELECT pg_advisory_xact_lock({GATE})",
)


def relations(server: Server, database: str | None = None) -> set[str]:
    """Which of the shop's tables and columns are there."""
    query = (
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name IN ('users', 'orders')"
    )
    with server.connected(database) as connection:
        return {name for (name,) in connection.execute(query)}


def make_database(server: Server, name: str) -> str:
    """Another database of the same owner."""
    with server.connected() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return name


def waits_at_the_gate(server: Server) -> bool:
    """Whether a step has come to where the test holds it."""
    with server.connected() as connection:
        return connection.execute(AT_GATE).fetchone() == (1,)
