"""A real application to take back: two slots as processes behind a real Caddy, blue serves 2.0, green holds 1.0."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blocks import configuration, process
from blocks.document import Document
from blocks.home import Home
from blocks.installation import Installation
from blocks.keys import key
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from blocks.slot_folder import SlotFolder
from blocks.store import Store
from domain.findings import Finding, Verdict
from domain.incident import Incident
from domain.outcomes import Outcome
from domain.release import Release, Slot
from domain.request import Request
from domain.severity import Severity
from examples.demo.ports import free_ports
from flows.conclude import Path as RunbookPath
from flows.conclude import conclude
from flows.intake import after_the_end, begin
from tasks.aftermath import aftermath
from tasks.case import Case
from tests.blocks.caddy import Caddy
from tests.blocks.ledger_child import KEY
from tests.blocks.routers.configurations import write_json

CHECKOUT = Path(__file__).parents[2]
UPSTREAM = CHECKOUT / "tests/blocks/upstream.py"
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
NUMBERS = count(1)
ONLY_BLUE_PASSES: list[dict[str, Any]] = [
    {"kind": "http", "name": "smoke", "path": "/smoke", "expect": {"json": {"slot": "blue"}}}
]
"""A check that the target fails as soon as users reach it, and not before."""


class Stage:
    """Slots, router and a store; `scene` gives an application on them that no other test knows.

    `home`: of the `serve` that shares the store; None gives each scene one of its own.
    """

    def __init__(self, folder: Path, caddy: Caddy, url: str, home: Home | None = None) -> None:
        self.folder = folder
        self.url = url
        self.home = home
        self.key = key(home, "journal") if home else KEY
        self.settings = _settings(folder, caddy.address)
        self.platform = Processes.model_validate(self.settings)
        self.active = folder / "active"

    def give_traffic_to(self, slot: str) -> None:
        """As a person with an editor would."""
        self.active.write_text(self.platform.upstreams()[slot])

    def serving(self) -> str | None:
        return self.platform.route().slot

    def scene(self, folder: Path, **changes: Any) -> "Scene":
        """A new application: blue serves, green served before."""
        self.give_traffic_to("blue")
        for slot in ("blue", "green"):
            for fault in ("unhealthy", "incompatible", "slow", "stuck"):
                (self.folder / f"{slot}.{fault}").unlink(missing_ok=True)
        (self.folder / "integration").unlink(missing_ok=True)
        made = Scene(self, folder, f"shop/p{next(NUMBERS)}", changes)
        with made.installation() as here:
            for number, version in enumerate(("1.0", "2.0")):
                at = FIRST.replace(day=1 + number)
                here.store.record(Release(application=made.name, version=version, recorded_at=at))
                here.store.served(made.name, version, at)
        return made


class Scene:
    """One application, its home, and runs on it without Prefect."""

    def __init__(self, stage: Stage, folder: Path, name: str, changes: dict[str, Any]) -> None:
        self.stage = stage
        self.name = name
        self.home = stage.home or Home(folder / "home").ensure()
        self.raw = {
            "name": name,
            "platform": stage.settings,
            "health": {"kind": "http", "path": "/health", "version": "version"},
            "channels": [{"kind": "logfile", "path": str(folder / "messages.log")}],
            **changes,
        }

    @property
    def document(self) -> Document:
        return configuration.document(self.raw, "a test", {})

    def request(self, **fields: Any) -> Request:
        given = {"severity": Severity.CRITICAL, "reason": "checkout is broken", "by": "ann", **fields}
        return Request(application=self.name, **given)

    @contextmanager
    def installation(self) -> Iterator[Installation]:
        store = Store(self.stage.url, self.stage.key)
        try:
            yield Installation(self.home, store)
        finally:
            store.rest()

    def case(self, here: Installation, run: str = "first", **fields: Any) -> Case:
        taken = begin(here, self.document, self.request(**fields), f"{self.name} {run}")
        assert isinstance(taken, Case)
        return taken

    def walk(
        self, path: RunbookPath, run: str = "first", *, puts_off: bool = False, **fields: Any
    ) -> Outcome | None:
        """A run from its request to its outcome, as the flow does it; with `puts_off` what its linked run does, too."""
        with self.installation() as here:
            taken = begin(here, self.document, self.request(**fields), f"{self.name} {run}")
            if isinstance(taken, Case):
                taken.puts_off = puts_off
            outcome = conclude(taken, path)[0] if isinstance(taken, Case) else taken.incident.outcome
            if puts_off:
                aftermath(after_the_end(here, self.document, taken.incident.id, "the watch"))
            return outcome

    def holder_died(self) -> None:
        """The lease of a run that was killed is over."""
        with self.installation() as here, here.store.database.transaction() as connection:
            connection.execute("UPDATE locks SET until = now() - interval '1 second'")

    def incident(self) -> Incident:
        """The only one."""
        with self.installation() as here:
            [found] = here.store.incidents(self.name)
            return found

    def data(self, kind: str) -> list[dict[str, Any]]:
        """What the journal's entries of a kind carry."""
        incident = self.incident().id
        with self.installation() as here:
            assert here.store.problems(incident) == []
            return [entry.data for entry in here.store.entries(incident) if entry.kind == kind]

    def report(self) -> str:
        path = self.incident().report
        assert path is not None
        return Path(path).read_text()


def _settings(folder: Path, address: str) -> dict[str, Any]:
    slots = zip(("blue", "green"), ("2.0", "1.0"), free_ports(2), strict=True)
    return {
        "kind": "processes",
        "folder": str(folder / "slots"),
        "slots": {name: _slot(folder, version, port) for name, version, port in slots},
        "router": {"kind": "caddy_file", "file": str(folder / "active"), "address": address},
    }


def _slot(folder: Path, version: str, port: int) -> dict[str, Any]:
    return {
        "command": [sys.executable, "-I", "-S", str(UPSTREAM), str(port)],
        "cwd": str(folder),
        "env": {"APP_VERSION": version},
        "address": f"http://127.0.0.1:{port}",
    }


def answers(slot: Slot) -> list[Finding]:
    """Whether it takes connections."""
    with socket.socket() as probe:
        up = probe.connect_ex(("127.0.0.1", urlsplit(slot.address or "").port or 0)) == 0
    verdict = Verdict.OK if up else Verdict.BAD
    return [Finding(name="health", on=slot.name, verdict=verdict, said="")]


@contextmanager
def standing(folder: Path, url: str, home: Home | None = None) -> Iterator[Stage]:
    """Both slots up behind a Caddy."""
    caddy = Caddy(folder / "caddy")
    stage = Stage(folder, caddy, url, home)
    stage.give_traffic_to("blue")
    try:
        caddy.start(write_json(caddy, f"{{file.{stage.active}}}"))
        for slot in ("blue", "green"):
            assert isinstance(stage.platform.prepare(slot, answers), Standing)
        yield stage
    finally:
        for slot in stage.platform.programs:
            process.stop(None, SlotFolder(stage.platform.folder / slot).mark, 2)
        caddy.stop()
