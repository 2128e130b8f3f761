"""`backout alerts`: what Prefect does not have, and what a person does about it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blocks.home import Home
from blocks.spool import Spool
from deployments.alert_spool import spool_of
from deployments.cli.app import app
from deployments.cli.output import console
from deployments.own_checkups import before_the_application
from deployments.subject import Subject
from domain.alert import Alert, Received

BEGAN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def row(name: str) -> Received:
    made = Alert(
        sender="grafana", name=name, fingerprint=name, application="shop/production", started_at=BEGAN
    )
    return Received(alert=made, application="shop/production")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BACKOUT_HOME", str(tmp_path))
    monkeypatch.setattr(console, "width", 200)
    return Home(tmp_path).ensure()


@pytest.fixture
def spool(home: Home) -> Spool[Received]:
    """One waits, two are set aside."""
    made = spool_of(home)
    made.put([row("Waits")])
    made.keep_aside("first", [row("Broken [bold]")], "422, too long")
    made.put([row("Cut")])
    made.set_aside(made.files()[-1].rename(made.folder / "second.jsonl"), "was cut")
    return made


def backout(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["alerts", *arguments])
    return done.exit_code, done.output


def in_json(*arguments: str) -> Any:
    return json.loads(backout(*arguments, "--json")[1])


@pytest.mark.usefixtures("home")
def test_nothing_was_ever_taken() -> None:
    assert backout() == (0, "0 files of alerts wait for Prefect\nnone is set aside\n")


@pytest.mark.usefixtures("spool")
def test_they_are_shown_with_their_reason_and_what_to_do() -> None:
    code, said = backout()
    assert code == 0
    for words in (
        "1 files",
        "first",
        "grafana: Broken [bold]",
        "422, too long",
        "was cut",
        "--again NAME",
        "--forget",
    ):
        assert words in said


def test_one_is_sent_again(spool: Spool[Received]) -> None:
    waiting = in_json("--again", "first")
    assert (waiting["waiting"], waiting["done"]) == (2, ["first"])
    assert [one["name"] for one in waiting["aside"]] == ["second"]
    assert [found.alert.name for found in spool.read(spool.files()[-1])] == ["Broken [bold]"]
    assert not (spool.folder / "first.why").exists()


def test_all_are_thrown_away(spool: Spool[Received]) -> None:
    assert "first: thrown away" in backout("--forget", "all")[1]
    assert (len(spool.files()), len(list(spool.folder.iterdir()))) == (1, 1)


@pytest.mark.usefixtures("spool")
@pytest.mark.parametrize("arguments", [["--again", "no such"], ["--again", "all", "--forget", "all"]])
def test_what_cannot_be_meant_is_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["alerts", *arguments])
    assert type(done.exception).__name__ == "BadUsage"


def test_the_doctor_tells_of_them(home: Home, spool: Spool[Received]) -> None:
    subject = Subject("shop/production", home, None, None, None, None, [])
    of_host = next(branch for branch in before_the_application(subject) if branch.name == "this host")
    [found] = [one for one in of_host.examine() if one.finding.name == "alerts"]
    assert (found.bad, found.remedies[0].command) == (True, "backout alerts")
    for one in spool.aside():
        spool.forget(one)
    [found] = [one for one in of_host.examine() if one.finding.name == "alerts"]
    assert not found.bad
