"""A stage whose router shares traffic out by tenths, and an application that 3.0 is deployed to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blocks import process
from blocks.home import Home
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from blocks.routers.caddy_files import TENTHS, CaddyFiles, lay_out
from blocks.routers.contract import Receipt
from blocks.slot_folder import SlotFolder
from domain.request import DEPLOY, Kind, Request
from domain.severity import Severity
from tests.blocks.caddy import Caddy
from tests.blocks.routers.configurations import write_json
from tests.flows.stage import Scene, Stage, answers

NEW = "3.0"
QUICK: dict[str, Any] = {"step_s": 0, "every_s": 0.02, "wait_s": 5, "watch_s": 0.02, "path": "/page"}


class DeployStage(Stage):
    """Blue serves 2.0 behind ten upstreams; green holds 1.0, and gets 3.0."""

    def __init__(self, folder: Path, caddy: Caddy, url: str, home: Home | None = None) -> None:
        super().__init__(folder, caddy, url, home)
        router = {"kind": "caddy_files", "folder": str(self.active), "address": caddy.address}
        self.settings = {**self.settings, "router": router, "start_timeout_s": 10}
        self.platform = Processes.model_validate(self.settings)

    def give_traffic_to(self, slot: str) -> None:
        lay_out(self.active, [self.platform.upstreams()[slot]])

    def shares(self) -> dict[str, int]:
        """Slot -> per cent."""
        return self.platform.route().served

    def deploy_scene(self, folder: Path, *, holds: str = "1.0", **changes: Any) -> "DeployScene":
        """Blue serves, green holds 1.0 anew, or another release."""
        made = self.scene(folder, **{"deploy": QUICK, **changes})
        if self.platform.slot("green").version != holds:
            self.platform.deploy("green", holds, {})
        assert isinstance(self.platform.prepare("green", answers), Standing)
        scene = DeployScene.__new__(DeployScene)
        scene.__dict__.update(made.__dict__)
        return scene


class DeployScene(Scene):
    """All its runs ask for 3.0 unless they say otherwise."""

    stage: DeployStage

    def request(self, **fields: Any) -> Request:
        asked: dict[str, Any] = {"runbook": DEPLOY, "kind": Kind.DEPLOY, "to": NEW, "severity": Severity.LOW}
        return super().request(**{**asked, **fields})

    def quarantined(self) -> str | None:
        """The incident that put 3.0 into quarantine."""
        with self.installation() as here:
            return next(row.quarantined_by for row in here.store.releases(self.name) if row.version == NEW)

    def fault(self, name: str, text: str = "") -> None:
        """A fault of what runs in green."""
        (self.stage.folder / f"green.{name}").write_text(text)

    def at(self, share: int, patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        """Do it as soon as green has this share."""
        moved = CaddyFiles._move

        def then(router: CaddyFiles, shares: dict[str, int], *rest: Any) -> Receipt:
            receipt = moved(router, shares, *rest)
            if shares.get("green") == share and receipt.changed:
                act()
            return receipt

        patch.setattr(CaddyFiles, "_move", then)


@contextmanager
def deploy_standing(folder: Path, url: str, home: Home | None = None) -> Iterator[DeployStage]:
    """Both slots up behind a Caddy of ten upstreams."""
    caddy = Caddy(folder / "caddy")
    stage = DeployStage(folder, caddy, url, home)
    stage.give_traffic_to("blue")
    try:
        caddy.start(
            write_json(caddy, *(f"{{file.{stage.active / str(number)}}}" for number in range(TENTHS)))
        )
        for slot in ("blue", "green"):
            assert isinstance(stage.platform.prepare(slot, answers), Standing)
        yield stage
    finally:
        for slot in stage.platform.programs:
            process.stop(None, SlotFolder(stage.platform.folder / slot).mark, 2)
        caddy.stop()
