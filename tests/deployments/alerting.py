"""Alerts of applications that are only names, and a Prefect that takes events."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest
from psycopg import sql

from blocks.home import Home
from blocks.installation import Installation
from blocks.spool import Spool
from blocks.store import Store, configurations
from blocks.store.configurations import Applied
from deployments import alert_forwarding
from deployments.alert_forwarding import Forwarder
from deployments.event_refusal import EventsRefused
from deployments.prefect_api import PrefectApi
from domain.alert import Alert, Received
from domain.errors import PrefectUnavailable
from domain.request import Request
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres

NUMBERS = count(1)
BEGAN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
OUTAGE = "service-outage"


def _alert_of(event: dict[str, Any]) -> str | None:
    """Its alert's name; None in the event of a trigger."""
    name: str | None = event["payload"].get("alert", {}).get("name")
    return name


class Prefect:
    """Prefect's API as far as events go: takes them, each id once, or is away.

    Attributes:
        refuses: names of alerts whose events it does not take.
        refuses_all: so does whatever stands before it.
    """

    url = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.sent = 0
        self.away = False
        self.refuses: set[str] = set()
        self.refuses_all = False

    def emit_all(self, events: list[dict[str, Any]]) -> None:
        if self.away:
            raise PrefectUnavailable("Prefect", "http://127.0.0.1:1", "refused")
        if self.refuses_all or self.refuses & {_alert_of(event) for event in events}:
            raise EventsRefused(422, "body.0.resource: too long")
        self.sent += len(events)
        for event in events:
            self.taken.setdefault(event["id"], event)

    def emit(self, event: dict[str, Any]) -> None:
        self.emit_all([event])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """There is nothing to close."""

    def starting(self) -> list[dict[str, Any]]:
        """The events that an automation starts a run for."""
        return [
            one for one in self.taken.values() if one["resource"].get("backout.reaction") in ("start", "ask")
        ]


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with running_postgres() as postgres:
        store = Store(postgres.ensure_database("alerts"), KEY)
        store.database.migrate()
        yield store
        store.rest()


@pytest.fixture
def here(store: Store, tmp_path: Path) -> Installation:
    return Installation(Home(tmp_path / "home").ensure(), store)


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Prefect:
    made = Prefect()
    monkeypatch.setattr(PrefectApi, "find", lambda _home: made)
    monkeypatch.setattr(alert_forwarding, "TEND_S", 0)
    return made


@pytest.fixture
def spool(here: Installation) -> Spool[Received]:
    return Spool(here.home.state / "alerts", Received)


@pytest.fixture
def forwarder(here: Installation, spool: Spool[Received], prefect: Prefect) -> Forwarder:
    del prefect
    return Forwarder(here, spool)


@pytest.fixture
def shop(here: Installation) -> str:
    return applied(here)


def applied(here: Installation, **changes: Any) -> str:
    name = f"shop/a{next(NUMBERS)}"
    document = {"name": name, "platform": {}, "health": {}, **changes}
    configurations.keep(here.store.database, Applied(name, document, "digest", "a test"), "ann")
    return name


def received(application: str | None, name: str = "Broken", **fields: Any) -> Received:
    fields = {"started_at": BEGAN, "fingerprint": f"{application} {name}", **fields}
    made = Alert(sender="generic", name=name, application=application, **fields)
    return Received(
        alert=made, application=application, issue=OUTAGE, problem="" if application else "nobody's"
    )


def results(here: Installation, application: str) -> list[str]:
    with here.store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT result FROM alerts WHERE application = %s ORDER BY taken_at", [application]
        )
        return [row["result"] for row in rows]


def opened(here: Installation, application: str) -> str:
    run = str(uuid.uuid4())
    return here.store.begin(Request(application=application), run).incident.id


def passed(here: Installation, seconds: float) -> None:
    """As if so much time had passed since all that was written."""
    with here.store.database.transaction() as connection:
        for table, column in (("alerts", "taken_at"), ("configurations", "applied_at")):
            moved = sql.SQL("UPDATE {} SET {} = {} - make_interval(secs => %s)").format(
                sql.Identifier(table), sql.Identifier(column), sql.Identifier(column)
            )
            connection.execute(moved, [seconds])
