"""The demo application on a real PostgreSQL: 2.0 serves in blue on the schema that its migration made, 1.0 stands in green."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from blocks import configuration
from blocks.document import Document
from blocks.home import Home
from blocks.keys import key
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from blocks.store import schemas
from domain.database.backup import Backup
from domain.database.wish import Wish
from domain.release import Release as Recorded
from domain.release import Slot
from domain.request import Request
from examples.demo import document
from examples.demo.schema import migrate
from examples.demo.stack import DATABASE_VARIABLE, Release
from tasks.database import changes_of
from tasks.look import at_slot
from tasks.read_backups import read_due
from tests.blocks.ledger_child import KEY
from tests.blocks.postgres.cluster import Cluster
from tests.flows.borrowed_stack import Borrowed
from tests.flows.seeds import seed, seed_moods
from tests.flows.stage import FIRST, NUMBERS, Scene

DATABASE = "journal"
OWNER = "journal_owner"
PASSWORD = "an owner's pass:word"
OLD = Release("1.0")
PATIENT, EAGER = "examples.demo.application", "tests.flows.eager_application"
HEALTH: dict[str, Any] = {
    "kind": "http",
    "name": "health",
    "path": "/api/health",
    "expect": {"json": {"status": "healthy"}},
    "version": "version",
}
DONE = (
    "backed up", "database changed", "switched", "verified", "exported", "database returned", "went back",
)  # fmt: skip


class DemoStage:
    """Both slots, their proxy and their database; `scene` begins each test anew on them."""

    def __init__(self, folder: Path, cluster: Cluster, store: str, home: Home | None = None) -> None:
        self.folder = folder
        self.url = store
        self.home = home
        self.key = key(home, "journal") if home else KEY
        self.cluster = cluster
        self.stack = Borrowed(folder / "stack", cluster.url(DATABASE, OWNER, PASSWORD))
        self.active = self.stack.active_file

    @property
    def settings(self) -> dict[str, Any]:
        """The platform of the demo's document, with secrets as they are referred to."""
        new = Release("2.0", migration="renamed")
        raw = document.application(self.stack, {"blue": new, "green": OLD}, sys.executable)
        platform: dict[str, Any] = {**raw["platform"], "start_timeout_s": 15}
        for slot in platform["slots"].values():
            slot["command"] = [EAGER if part == PATIENT else part for part in slot["command"]]
        return platform

    @property
    def platform(self) -> Processes:
        resolved = configuration.document(self.raw("any/one"), "a test", self.stack.environment).platform
        assert isinstance(resolved, Processes)
        return resolved

    def raw(self, name: str, **changes: Any) -> dict[str, Any]:
        """The demo's entry; with fewer checks, none of which times the machine."""
        new = Release("2.0", migration="renamed")
        raw = document.application(self.stack, {"blue": new, "green": OLD}, sys.executable)
        database = {**raw["database"], "programs": {"folder": str(self.cluster.programs)}, "drain_s": 5}
        fewer = {
            "name": name,
            "health": HEALTH,
            "checks": [],
            "database": database,
            "platform": self.settings,
        }
        return {**raw, **fewer, **changes}

    def give_traffic_to(self, slot: str) -> None:
        self.active.write_text(self.stack.slots[slot].dial)

    def serving(self) -> str | None:
        return self.platform.route().slot

    def fresh_database(self) -> None:
        """The application's database anew and empty, and nothing left of another test's."""
        with self.cluster.connect() as connection:
            owned = connection.execute(
                "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s", [OWNER]
            ).fetchall()
            for (name,) in owned:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            make = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(make.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))

    def scene(self, folder: Path, migration: str = "renamed", **changes: Any) -> "DemoScene":
        """A new application: 1.0 served on schema 0001, with entries; then 2.0 came with its migration, and serves."""
        self.give_traffic_to("blue")
        self.fresh_database()
        made = DemoScene(self, folder, f"journal/p{next(NUMBERS)}", changes)
        self._at_first(made, backed_up=changes.pop("backed_up", False))
        new = Release("2.0", migration=migration)
        migrate(self.stack.database_url, self.stack.lay_out(new))
        if migration == "lossy":
            seed_moods(made.database_url)
        with made.installation() as here:
            for number, release in enumerate((OLD, new)):
                at, schema = FIRST.replace(day=1 + number), release.schema_version
                here.store.record(
                    Recorded(
                        application=made.name, version=release.version, recorded_at=at, schema_version=schema
                    )
                )
                here.store.served(made.name, release.version, at)
        return made

    def _at_first(self, made: "DemoScene", *, backed_up: bool) -> None:
        migrate(self.stack.database_url, self.stack.lay_out(OLD))
        seed(made.database_url)
        with made.installation() as here:
            changes = changes_of(made.document, made.home)
            schemas.keep(here.store.database, made.name, "0001", changes.schema())
        if backed_up:
            made.back_up("1.0")


class DemoScene(Scene):
    """One application on the stage. `asked`: what its runs ask for unless they say otherwise."""

    def __init__(self, stage: DemoStage, folder: Path, name: str, changes: dict[str, Any]) -> None:
        self.asked: dict[str, Any] = {}
        self.demo = stage
        self.folder = folder
        self.name = name
        self.home = stage.home or Home(folder / "home").ensure()
        settled = {key: value for key, value in changes.items() if key != "backed_up"}
        self.raw = stage.raw(
            name, **{"channels": [{"kind": "logfile", "path": str(folder / "messages.log")}], **settled}
        )
        self.stage = stage  # type: ignore[assignment]  # it has what a scene asks of its stage

    @property
    def document(self) -> Document:
        return configuration.document(self.raw, "a test", {DATABASE_VARIABLE: self.database_url})

    @property
    def database_url(self) -> str:
        return self.demo.stack.database_url

    def request(self, **fields: Any) -> Request:
        return super().request(**{**self.asked, **fields})

    def asks(self, runbook: str, wish: Wish, **fields: Any) -> "DemoScene":
        """Let all its runs ask for this."""
        self.asked = {"runbook": runbook, "issue": None, "database": wish, **fields}
        return self

    def back_up(self, release: str = "2.0") -> Backup:
        return changes_of(self.document, self.home).back_up("manual", release)

    def read_backup(self) -> Backup | None:
        """As the scheduled look at readiness does after it has told people."""
        with self.installation() as here:
            return read_due(here, self.document)

    def backups(self) -> list[Backup]:
        return changes_of(self.document, self.home).backups()

    def order(self) -> list[str]:
        """What was done, in order."""
        incident = self.incident().id
        with self.installation() as here:
            return [entry.kind for entry in here.store.entries(incident) if entry.kind in DONE]

    def query(self, query: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        name = database or DATABASE
        with psycopg.connect(self.demo.cluster.url(name, OWNER, PASSWORD), autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def titles(self, database: str | None = None) -> set[str]:
        return {title for (title,) in self.query("SELECT title FROM entries", database)}

    def columns(self) -> set[str]:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = 'entries'"
        return {name for (name,) in self.query(query)}

    def version(self) -> str:
        [(newest,)] = self.query("SELECT max(version) FROM schema_migrations")
        return str(newest)

    def databases(self) -> list[str]:
        """All that the owner has, but the application's own."""
        query = f"SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '{OWNER}' AND datname <> '{DATABASE}'"  # noqa: S608
        with self.demo.cluster.connect() as connection:
            return sorted(name for (name,) in connection.execute(query.encode()).fetchall())

    def healthy(self, slot: str) -> bool:
        seen: Slot = self.demo.platform.slot(slot)
        return all(finding.ok for finding in at_slot(self.document, seen))


@contextmanager
def demo_standing(folder: Path, cluster: Cluster, store: str) -> Iterator[DemoStage]:
    """Both slots up behind the demo's proxy, on schema 0002."""
    with cluster.connect() as connection:
        role, password = sql.Identifier(OWNER), sql.Literal(PASSWORD)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, password))
    stage = DemoStage(folder, cluster, store)
    stage.fresh_database()
    for release in (OLD, Release("2.0", migration="renamed")):
        stage.stack.lay_out(release)
    stage.stack.up()
    try:
        for slot in ("green", "blue"):
            stage.platform.start(slot)
        made = configuration.document(stage.raw("any/one"), "a test", stage.stack.environment)
        assert isinstance(stage.platform.prepare("blue", lambda slot: at_slot(made, slot)), Standing)
        yield stage
    finally:
        stage.stack.down()
        with suppress(psycopg.OperationalError):  # where a test stopped the server for good
            stage.fresh_database()
