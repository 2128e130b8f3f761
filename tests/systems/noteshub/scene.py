"""NotesHub stood up once: blue holds 1.2.1 and is archived, green 1.2.2, amber 1.2.3, which serves. A scene begins it anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from psycopg import sql

from blocks import configuration
from blocks.document import Document
from blocks.platforms.supervisor import Supervisor
from blocks.store import Store
from domain.release import Release as Recorded
from examples.demo.ports import free_ports
from examples.demo.schema import migrate
from examples.demo.waiting import wait_until_listening
from examples.noteshub.deploying import is_healthy, open_doors, put_in, settle
from examples.noteshub.release import Fault, Release
from examples.noteshub.stack import DATABASE_VARIABLE, DEFAULT_PORTS, Stack
from tasks.database import keep_schema
from tasks.look import at_slot
from tests.blocks.ledger_child import KEY
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.waiting import wait_until
from tests.flows import stage

ROLE, PASSWORD, DATABASE, STORE = "noteshub_app", "correct-horse", "noteshub", "records"
ARCHIVED, PREVIOUS, CURRENT = Release("1.2.1"), Release("1.2.2"), Release("1.2.3")
HELD = {"blue": ARCHIVED, "green": PREVIOUS, "amber": CURRENT}
NOTES = 30


class NotesStage(stage.Stage):
    """The stack, its database, and a store beside it."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder = folder
        self.cluster = cluster
        self.url = cluster.url(STORE)
        self.home = None
        self.key = KEY
        address = f"postgresql://{ROLE}:{PASSWORD}@/{DATABASE}?host={cluster.sockets}"
        ports = dict(zip(DEFAULT_PORTS, free_ports(len(DEFAULT_PORTS)), strict=True))
        self.stack = Stack(folder, ports, address)
        self.held: dict[str, Release] = {}
        self.settings: dict[str, Any] = {}
        self.environment = ""

    @property
    def notes(self) -> Supervisor:
        return self.stack.platform()

    def serving(self) -> str | None:
        return self.notes.route().slot

    def stand(self) -> None:
        """All of it, with each release deployed in its turn."""
        self.fresh_database()
        self.stack.start(PREVIOUS.version)
        for slot, release in HELD.items():
            put_in(self.stack, release, slot)
            self.held[slot] = release
        for slot in HELD:
            wait_until(lambda slot=slot: is_healthy(self.stack, slot), slot)  # type: ignore[misc]
        open_doors(self.stack, "amber")
        self.stack.start_nginx()
        settle(self.stack, "amber", CURRENT.version)
        self.environment = self.stack.environment_file.read_text()

    def fresh_database(self) -> None:
        """The application's database anew, with the schema all releases know, and some notes."""
        with self.cluster.connect() as connection:
            name, owner = sql.Identifier(DATABASE), sql.Identifier(ROLE)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
        migrate(self.stack.database_url, ARCHIVED.lay_out(self.stack.releases) / "migrations")
        with psycopg.connect(self.stack.database_url) as connection:
            connection.execute(
                "INSERT INTO notes (title, department, year) SELECT 'Note ' || n, 'physics', 2025"
                " FROM generate_series(1, %s) n",
                [NOTES],
            )

    def hold(self, slot: str, release: Release) -> None:
        """Put the release into a slot as it is, and start it, whatever becomes of it."""
        if self.held[slot] == release:
            return
        self.held[slot] = release
        put_in(self.stack, release, slot)
        if release.fault not in (Fault.BROKEN, Fault.CRASH):
            wait_until_listening(self.stack.ports[slot], slot)

    def scene(
        self, folder: Path, current: Release = CURRENT, previous: Release = PREVIOUS, **changes: Any
    ) -> "NotesScene":
        """A new application: 1.2.1 served, then 1.2.2, and now 1.2.3 does."""
        platform = self.notes
        platform.activate("blue", platform.route())
        self.fresh_database()
        made = NotesScene(self, folder, f"noteshub/p{next(stage.NUMBERS)}", changes)
        made.record({"blue": ARCHIVED, "green": previous})
        self.hold("green", previous)
        self.hold("amber", current)
        platform.activate("amber", platform.route())
        platform.stop("blue")
        made.record({"amber": current})
        self.stack.environment_file.write_text(self.environment)
        return made


class NotesScene(stage.Scene):
    """One application on the stack, as the example's `backout.yaml` says."""

    def __init__(self, standing: NotesStage, folder: Path, name: str, changes: dict[str, Any]) -> None:
        self.notes = standing
        described = yaml.safe_load((standing.folder / "backout.yaml").read_text())["applications"][0]
        super().__init__(standing, folder, name, {})
        log = {"kind": "logfile", "path": str(folder / "messages.log")}
        database = {**described["database"], "programs": {"folder": str(standing.cluster.programs)}}
        self.raw = {**described, "name": name, "database": database, "channels": [log], **changes}

    @property
    def document(self) -> Document:
        return configuration.document(self.raw, "a test", {DATABASE_VARIABLE: self.notes.stack.database_url})

    def record(self, held: dict[str, Release]) -> None:
        """As `backout record` does after each deployment."""
        with self.installation() as here:
            for number, (slot, release) in enumerate(held.items()):
                at = stage.FIRST.replace(day=1 + list(HELD).index(slot), hour=number)
                row = Recorded(
                    application=self.name, version=release.version, slot=slot, recorded_at=at,
                    schema_version=release.schema_version,
                )  # fmt: skip
                here.store.record(row)
                here.store.served(self.name, release.version, at)
                keep_schema(here, self.document, release.schema_version)

    def environment(self) -> str:
        return self.notes.stack.environment_file.read_text()

    def pids(self) -> dict[str, int | None]:
        """Program -> its process."""
        known = self.notes.notes.supervisord.control().programs()
        return {name.removeprefix("noteshub-"): state.pid for name, state in known.items()}

    def ask(self, port: str, path: str = "/") -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.notes.stack.ports[port]}{path}"
        answer: dict[str, Any] = httpx.get(url, timeout=10, trust_env=False).json()
        return answer

    def healthy(self, slot: str) -> bool:
        return all(finding.ok for finding in at_slot(self.document, self.notes.notes.slot(slot)))

    def schema_version(self) -> str | None:
        database = self.document.database
        return database.schema_version() if database else None


@contextmanager
def standing(folder: Path, cluster: Cluster) -> Iterator[NotesStage]:
    """All up; nothing is left of it at the end."""
    with cluster.connect() as connection:
        role, password = sql.Identifier(ROLE), sql.Literal(PASSWORD)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, password))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(STORE)))
    made = NotesStage(folder, cluster)
    store = Store(made.url, KEY)
    store.database.migrate()
    store.rest()
    try:
        made.stand()
        yield made
    finally:
        made.stack.remove()
