"""The way of an alert from its request to Prefect's event, with a real store, in processes that can be killed."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from blocks.installation import Installation, installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.alert_forwarding import Forwarder
from deployments.alert_spool import spool_of
from deployments.gateway.senders_file import Senders
from deployments.gateway.taking import Intake
from tests.forked import exit_code

NUMBERS = count(1)
TOKEN = "a-token-of-many-letters"


class Prefect:
    """Prefect's API as far as events go, for several processes: takes each id once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()

    def emit_all(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            (self.folder / event["id"]).write_text(json.dumps(event))

    def close(self) -> None:
        """There is nothing to close."""

    def starting(self) -> list[str]:
        """The detections of the events that an automation starts a run for."""
        taken = [json.loads(file.read_text()) for file in self.folder.iterdir()]
        return [
            one["payload"]["detection"] for one in taken if one["resource"].get("backout.reaction") == "start"
        ]


@dataclass
class AlertPath:
    """Both ends of the way, and what is between them."""

    here: Installation
    senders: Senders
    prefect: Prefect

    def __post_init__(self) -> None:
        self.spool = spool_of(self.here.home)
        self.intake = self.started_intake()

    def started_intake(self) -> Intake:
        """As a `serve` that has just begun has it."""
        return Intake(self.here.home, self.senders)

    def applied(self, **changes: Any) -> str:
        """The name of an application that no other test knows."""
        name = f"shop/k{next(NUMBERS)}"
        document = {"name": name, "platform": {}, "health": {}, **changes}
        configurations.keep(self.here.store.database, Applied(name, document, "digest", "a test"), "ann")
        return name

    def take(
        self, application: str, name: str = "Broken", intake: Intake | None = None, fingerprint: str = ""
    ) -> None:
        """As a request does; where it returns, 2xx is answered."""
        body = {
            "application": application,
            "name": name,
            "issue": "service-outage",
            "fingerprint": fingerprint or f"{application} {name}",
            "started_at": "2026-11-22T10:00:00Z",
        }
        taking = intake or self.intake
        headers = {"authorization": f"Bearer {TOKEN}"}
        taking.take(taking.sender("generic"), headers, json.dumps(body).encode())

    def pass_on(self, application: str, name: str = "Broken") -> None:
        """Taken, and handed on to Prefect."""
        self.take(application, name)
        self.hand_on()

    def hand_on(self) -> float:
        """A forwarder that has just been started, and its first round."""
        with installation(self.here.home) as own:
            return Forwarder(own, self.spool).step()

    def waiting(self) -> list[str]:
        """The names of the alerts on disk."""
        return sorted(row.alert.name for file in self.spool.files() for row in self.spool.read(file))

    def aside(self) -> list[str]:
        """Files that nobody could read."""
        return [file.name for file in self.spool.folder.glob("*.broken")]

    def results(self, application: str) -> list[str]:
        return sorted(self._column("SELECT result AS found FROM alerts WHERE application = %s", application))

    def detections(self, application: str) -> list[str]:
        return self._column("SELECT id AS found FROM detections WHERE application = %s", application)

    def _column(self, query: str, application: str) -> list[str]:
        with self.here.store.database.transaction() as connection:
            return [row["found"] for row in connection.execute(query, [application])]

    def clear(self) -> None:
        """Nothing waits for the next test."""
        with self.here.store.database.transaction() as connection:
            connection.execute("DELETE FROM alerts")
        for file in self.spool.folder.glob("*"):
            file.unlink()


@dataclass(frozen=True)
class Step:
    """A step of the way."""

    owner: Any
    name: str

    def be_last(self, *, after: bool) -> None:
        """Make it the last one of this process."""
        real = getattr(self.owner, self.name)

        def last(*arguments: Any, **more: Any) -> None:
            if after:
                real(*arguments, **more)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(self.owner, self.name, last)


def in_a_child(work: Callable[[], object], expected: int = -signal.SIGKILL) -> None:
    """Do it in a process of its own, that ends so."""
    assert exit_code(work) == expected
