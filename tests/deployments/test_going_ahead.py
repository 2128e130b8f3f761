"""Acts that go ahead: each in a thread, and one that fails keeps no other back."""

from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from blocks.application import Application
from blocks.home import Home
from deployments import going_ahead
from deployments.going_ahead import Going, go_ahead
from deployments.prefect_api import PrefectApi
from deployments.prospects import Prospect, Start
from deployments.warm_child import Order
from flows.this_run import this_run

SEEN: list[tuple[str, str]] = []


@flow
def acts(application: Application, reason: str) -> None:
    """Says what it was given, and for which run it acts."""
    if reason == "broken":
        raise LookupError(reason)
    SEEN.append((application.name, this_run().id))


def prospect(number: int, reason: str = "") -> Prospect:
    start = Start(f"shop/p{number}", "acts", {"detection": f"d{number}"})
    return Prospect(
        start,
        acts,
        Application(name=start.application, source="", digest="", document={}),
        {"reason": reason},
    )


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SEEN.clear()
    monkeypatch.setenv("BACKOUT_HOME", str(Home(tmp_path).ensure().root))
    monkeypatch.setattr(PrefectApi, "find", lambda _home: PrefectApi("http://127.0.0.1:1"))


def test_one_that_fails_keeps_no_other_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [prospect(1), prospect(2, "broken"), prospect(3)]
    monkeypatch.setattr(going_ahead, "prospects", lambda *_: found)
    go_ahead(Going("backout", ()))
    assert sorted(SEEN) == [("shop/p1", "ahead-d1"), ("shop/p3", "ahead-d3")]
    assert "LookupError: broken" in capsys.readouterr().err


def test_it_is_read_as_the_worker_sends_it() -> None:
    sent: dict[str, Any] = {
        "run": "r", "entrypoint": "", "env": {}, "log": "l", "users_wait": True,
        "ahead": {"pool": "backout", "starts": [{"application": "a", "runbook": "b", "said": {"detection": "d"}}]},
    }  # fmt: skip
    assert Order.read(dict(sent)).ahead == Going("backout", (Start("a", "b", {"detection": "d"}),))
    assert Order.read(sent | {"ahead": None}).ahead is None
