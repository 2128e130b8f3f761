"""Runs on Aldeia without Prefect, each on an application that no other test knows."""

from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from blocks.document import Document
from blocks.home import Home
from domain.release import Release
from domain.request import Request
from domain.severity import Severity
from tests.blocks.ledger_child import KEY
from tests.flows.stage import Scene
from tests.systems.aldeia.stage import Aldeia, served

NUMBERS = count(1)


class AldeiaScene(Scene):
    """`Scene` on the example's own document. Its stage is the store alone."""

    def __init__(self, aldeia: Aldeia, url: str, folder: Path) -> None:
        self.aldeia = aldeia
        self.stage = SimpleNamespace(url=url, key=KEY)  # type: ignore[assignment]
        self.name = f"aldeia/p{next(NUMBERS)}"
        self.home = Home(folder / "home").ensure()
        with self.installation() as here:
            for release in served(self.name):
                here.store.record(release)
                here.store.served(self.name, release.version, release.recorded_at)

    def recorded(self, version: str) -> None:
        """What `backout record` does after a deploy."""
        with self.installation() as here:
            here.store.record(Release(application=self.name, version=version))

    def quarantined(self) -> list[str]:
        """The releases that no rollback goes to."""
        with self.installation() as here:
            return [row.version for row in here.store.releases(self.name) if row.quarantined_by]

    def why(self) -> str:
        """What the incident's end said."""
        return self.incident().model_dump_json(indent=1)

    @property
    def document(self) -> Document:
        return self.aldeia.document(self.name)

    def request(self, **fields: Any) -> Request:
        given = {"severity": Severity.CRITICAL, "reason": "nobody can register", "by": "ann", **fields}
        return Request(application=self.name, **given)
