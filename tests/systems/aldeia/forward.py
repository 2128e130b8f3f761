"""Deploys of Aldeia's next release: what is asked for, how fast it is, and what the release brings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from blocks.document import Document
from domain.plan import Plan
from domain.request import DEPLOY, Kind, Request
from domain.severity import Severity
from examples.aldeia.history import BACKEND
from tasks.study_database import planned
from tests.systems.aldeia.scene import AldeiaScene
from tests.systems.aldeia.stage import NEW, Aldeia

NEXT = "v1.2.0"
ASKED: dict[str, Any] = {"runbook": DEPLOY, "kind": Kind.DEPLOY, "to": NEXT, "severity": Severity.LOW}
QUICK: dict[str, Any] = {"every_s": 0.2, "wait_s": 20, "watch_s": 0.5, "limits": {"slower_by_s": 2.5}}
BACK: dict[str, Any] = {
    "runbook": "rollback",
    "kind": Kind.ROLLBACK,
    "to": None,
    "severity": Severity.CRITICAL,
}
NEWSLETTER, PHONE = "0002_newsletter", "0003_phone"
ADDS = ("ALTER TABLE users ADD COLUMN phone text\n", "ALTER TABLE users DROP COLUMN phone\n")
RENAMES = (
    "ALTER TABLE users RENAME COLUMN email TO mail\n",
    "ALTER TABLE users RENAME COLUMN mail TO email\n",
)
REPLACES = (f"{RENAMES[0].strip()};\n{ADDS[0]}", f"{ADDS[1].strip()};\n{RENAMES[1]}")


class Forward(AldeiaScene):
    """Its runs ask for v1.2.0 unless they say otherwise. `settings`: of the deploy, in place of the example's."""

    settings: dict[str, Any] = QUICK

    @property
    def document(self) -> Document:
        return self.aldeia.document(self.name, deploy={**self.aldeia.raw["deploy"], **self.settings})

    def request(self, **fields: Any) -> Request:
        return super().request(**{**ASKED, **fields})

    def kinds(self) -> list[str]:
        """Of the journal's entries, in their order."""
        incident = self.incident().id
        with self.installation() as here:
            return [str(entry.kind) for entry in here.store.entries(incident)]

    def plan(self) -> Plan:
        """Of a dry run, which rehearses what is built already."""
        self.aldeia.platform.bring(NEXT)
        with self.installation() as here:
            return planned(here, self.document, self.request())


def new_release(aldeia: Aldeia, fault: str = "", steps: tuple[str, str] | None = None) -> None:
    """Tagged in git; nobody built or started anything of it, and v1.1.0 is checked out.

    `steps`: the SQL of its migration, up and down.
    """
    for name, sql in zip(("up", "down"), steps or (), strict=False):
        (aldeia.folder / BACKEND / "migrations" / f"{PHONE}.{name}.sql").write_text(sql)
    aldeia.repository.release(NEXT, fault)
    aldeia.repository.git("checkout", "--quiet", NEW)
    aldeia.stack.tested()


def schema(aldeia: Aldeia) -> tuple[str, list[str]]:
    """The newest migration by its record, and the columns that the migration of v1.2.0 is about."""
    with psycopg.connect(aldeia.stack.database_url) as connection:
        applied = connection.execute("SELECT max(version) FROM schema_migrations").fetchone()
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'users'"
            " AND column_name IN ('phone', 'mail', 'email') ORDER BY 1"
        ).fetchall()
    return str(applied and applied[0]), [name for (name,) in columns]


@contextmanager
def schema_put_back(aldeia: Aldeia) -> Iterator[None]:
    """Whatever the block leaves, the next test finds the schema of v1.1.0."""
    try:
        yield
    finally:
        with psycopg.connect(aldeia.stack.database_url, autocommit=True) as connection:
            if "mail" in schema(aldeia)[1]:
                connection.execute("ALTER TABLE users RENAME COLUMN mail TO email")
            connection.execute("ALTER TABLE users DROP COLUMN IF EXISTS phone")
            connection.execute("DELETE FROM schema_migrations WHERE version > %s", [NEWSLETTER])
