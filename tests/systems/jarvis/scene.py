"""Runs on Jarvis without Prefect, each on an application that no other test knows."""

from pathlib import Path
from typing import Any

from blocks import configuration
from blocks.document import Document
from blocks.platforms.contract import Platform
from domain.database.backup import Backup
from domain.database.wish import Wish
from domain.release import Release
from domain.request import Request
from examples.jarvis.deploying import APPLICATION
from examples.jarvis.release import MIGRATION, NEVER_READY, Version
from examples.jarvis.stack import NEW, OLD
from tasks.database import changes_of, keep_schema
from tests.flows.stage import FIRST, NUMBERS, Scene
from tests.systems.jarvis.stage import Jarvis


class JarvisScene(Scene):
    """`Scene` on one application of the example's own document."""

    def __init__(self, jarvis: Jarvis, folder: Path, application: str = APPLICATION, **changes: Any) -> None:
        self.jarvis = jarvis
        self.stack = jarvis.stack
        self.folder = folder
        self.name = f"jarvis/p{next(NUMBERS)}"
        self.home = jarvis.home
        self.recorded = 0
        self.asked: dict[str, Any] = {}
        channel = {"kind": "logfile", "path": str(folder / "messages.log")}
        short = {"preset": "jarvis", "watch_s": 1}
        own = {"name": self.name, "channels": [channel], "watch": {"enabled": False}, "policy": short}
        self.raw = {**jarvis.raw[application], **own, **changes}
        self.stage = jarvis  # type: ignore[assignment]  # it has what a scene asks of its stage
        for version in (OLD, NEW):
            self.record(version.name)

    @property
    def document(self) -> Document:
        return configuration.document(self.raw, "a test", self.stack.variables())

    @property
    def platform(self) -> Platform:
        return self.document.platform

    def request(self, **fields: Any) -> Request:
        return super().request(**{**self.asked, **fields})

    def asks(self, runbook: str, wish: Wish) -> "JarvisScene":
        """From now on its runs are of this runbook of the database."""
        self.asked = {"runbook": runbook, "issue": runbook, "database": wish}
        return self

    def back_up(self) -> Backup:
        """`backout db backup --label pre-migration`, as the CI calls it."""
        return changes_of(self.document, self.home).back_up("pre-migration", NEW.name)

    def deploy(self, version: Version) -> None:
        """As the team's CI does it, with `backout record` at its end."""
        if version.fault == MIGRATION:
            self.stack.migrate(version)
        self.stack.deploy(version, wait=version.fault not in NEVER_READY)
        self.record(version.name)

    def record(self, version: str) -> None:
        """It serves, or did."""
        at = FIRST.replace(day=1 + self.recorded)
        self.recorded += 1
        with self.installation() as here:
            database = self.document.database
            schema = database.schema_version() if database else None
            keep_schema(here, self.document, schema)
            self.platform.keep(version)
            here.store.record(
                Release(application=self.name, version=version, recorded_at=at, schema_version=schema)
            )
            here.store.served(self.name, version, at)

    def why(self) -> str:
        """How the newest incident ended."""
        with self.installation() as here:
            newest = here.store.incidents(self.name)[0]
            said = [entry.data for entry in here.store.entries(newest.id) if entry.kind == "ending"]
        return f"{newest.outcome}: {said}"

    def happened(self) -> list[str]:
        """The kinds of the only incident's journal entries, in their order."""
        incident = self.incident().id
        with self.installation() as here:
            return [entry.kind for entry in here.store.entries(incident)]

    def quarantined(self) -> list[str]:
        """The releases that no rollback goes to."""
        with self.installation() as here:
            return [row.version for row in here.store.releases(self.name) if row.quarantined_by]

    def evidence(self, pattern: str) -> str:
        """All files of the only incident's folder that are called so, one after the other."""
        found = self.home.evidence.rglob(f"{self.incident().id}/**/{pattern}")
        return "\n".join(file.read_text() for file in sorted(found))
