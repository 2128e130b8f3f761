"""The stage's slots with a feature flag: a file that both slots read, and that is turned off as a part alone."""

from pathlib import Path
from typing import Any

from blocks.document import Document
from blocks.files import replace_file
from blocks.platforms.contract import InPlace, Look, Platform, Ready
from blocks.platforms.processes import Processes
from blocks.routers.contract import Receipt, Route
from domain.errors import CommandFailed, UnknownPart
from domain.release import Part, Slot
from domain.request import THIRD_PARTY, Request
from tests.flows.stage import Scene, Stage

FLAG = "flag:integration"
ON, OFF = "on", "off"


class FlagAlone(InPlace):
    """The flag as a part: its releases are `on` and `off`."""

    kind: str = "flag"
    file: Path
    broken: bool = False

    @property
    def address(self) -> str:
        return "http://nowhere.invalid"

    def slots(self) -> list[Slot]:
        return [
            Slot(name=value, version=value, running=value == self.file.read_text()) for value in (ON, OFF)
        ]

    def route(self) -> Route:
        return Route(slot=self.file.read_text(), stamp=self.file.read_text())

    def prepare(self, slot: str, look: Look) -> Ready:  # noqa: ARG002 - nothing can be looked at
        return Ready(slot=self.slot(slot), said="will be off")

    def activate(self, slot: str, expected: Route) -> Receipt:
        if self.broken:
            raise CommandFailed(["set", "flag"], 1, "read-only")
        replace_file(self.file, slot.encode())
        return Receipt(changed=True, before=expected.slot, after=slot, cost="its pods started anew")

    def logs(self, slot: str, lines: int) -> list[str]:  # noqa: ARG002 - a flag has none
        return []

    def configuration(self) -> dict[str, str]:
        return {}


class Flagged(Processes):
    """Blue and green, and one flag."""

    broken: bool = False

    @property
    def _flag(self) -> FlagAlone:
        return FlagAlone(file=self.folder.parent / "integration", broken=self.broken)

    def parts(self) -> list[Part]:
        return [Part(name=FLAG, release=self._flag.file.read_text())]

    def only(self, part: str) -> Platform:
        if part != FLAG:
            raise UnknownPart(part=part, known=[FLAG])
        return self._flag


class FlaggedScene(Scene):
    """A scene whose platform has the flag, which is on."""

    broken = False

    def request(self, **fields: Any) -> Request:
        """Of the third party's runbook."""
        return super().request(**{"runbook": THIRD_PARTY, "issue": THIRD_PARTY, **fields})

    @property
    def document(self) -> Document:
        plain = super().document
        platform = Flagged.model_validate({**self.stage.settings, "broken": self.broken})
        return plain.model_copy(update={"platform": platform, "integration": "integration"})

    @property
    def flag(self) -> str:
        return (self.stage.folder / "integration").read_text()


def flagged(stage: Stage, folder: Path, **changes: Any) -> FlaggedScene:
    """An application on the stage, with the integration on."""
    made = stage.scene(folder, **changes)
    scene = FlaggedScene.__new__(FlaggedScene)
    scene.__dict__.update(made.__dict__)
    (stage.folder / "integration").write_text(ON)
    return scene
