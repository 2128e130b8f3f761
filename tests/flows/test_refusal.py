import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.installation import Installation
from blocks.store import Store, configurations
from blocks.store.configurations import Applied
from domain.errors import Drift
from domain.request import Request
from flows.refusal import tell_refused
from tests.blocks.ledger_child import KEY
from tests.blocks.store.postgres import running_postgres


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with running_postgres() as postgres:
        store = Store(postgres.ensure_database("refused"), KEY)
        store.database.migrate()
        yield Installation(Home(tmp_path / "home").ensure(), store)
        store.rest()


def asked(application: str) -> Request:
    """What the watch's trigger asks for."""
    return Request(application=application, issue="health-check-failure", via="automation")


def test_people_are_told_of_a_run_that_did_not_begin(here: Installation, tmp_path: Path) -> None:
    log = tmp_path / "messages.log"
    channels = [
        {"kind": "slack", "name": "ops", "token": "${NOT_SET_ANYWHERE}", "channel": "#ops"},
        {"kind": "logfile", "name": "log", "path": str(log)},
    ]
    applied = Applied(
        "shop/production",
        {"name": "shop/production", "policy": {"preset": "noteshub"}, "channels": channels},
        "digest",
        "backout.yaml",
    )
    configurations.keep(here.store.database, applied, "sam")
    tell_refused(here, asked("shop/production"), Drift(file="block", key="document", problem="differs"))
    said = json.loads(log.read_text())
    assert "did not begin" in said["title"]
    assert "differs" in json.dumps(said)
    assert said["severity"] == "critical"  # what the policy says of the issue


def test_an_unknown_application_is_told_to_nobody(here: Installation) -> None:
    tell_refused(here, asked("gone/production"), Drift(file="block", key="name", problem="was never applied"))
