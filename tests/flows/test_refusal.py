import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.installation import Installation
from blocks.store import Store, configurations
from blocks.store.configurations import Applied
from domain.errors import Drift, UnknownApplication
from domain.report.plain import plain
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


def test_a_channel_whose_secret_is_none_keeps_no_other_silent(
    here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAD_PATH", "no/absolute/path")
    channels = [
        {"kind": "logfile", "name": "bad", "path": "${BAD_PATH}"},
        {"kind": "logfile", "name": "log", "path": str(tmp_path / "messages.log")},
    ]
    document = {"name": "shop/production", "policy": {"preset": "noteshub"}, "channels": channels}
    configurations.keep(
        here.store.database, Applied("shop/production", document, "digest", "backout.yaml"), "sam"
    )
    tell_refused(here, asked("shop/production"), Drift(file="block", key="document", problem="differs"))
    assert "did not begin" in (tmp_path / "messages.log").read_text()


def test_what_it_says_is_shown_as_it_is_and_its_commands_stay_commands(
    here: Installation, tmp_path: Path
) -> None:
    log = tmp_path / "messages.log"
    document = {"name": "shop/production", "channels": [{"kind": "logfile", "path": str(log)}]}
    configurations.keep(
        here.store.database, Applied("shop/production", document, "digest", "backout.yaml"), "sam"
    )
    error = UnknownApplication(application="**urgent** <!channel> [here](https://evil.example)")
    tell_refused(here, asked("shop/production"), error)
    said = json.loads(log.read_text())["text"]
    assert r"\*\*urgent\*\* &lt;!channel&gt; \[here\](https\://evil.example)" in said
    assert plain(said) == str(error).replace("\n  next", "\nnext")
    assert "`backout apply backout.yaml`" in said
