"""Whose alerts a sender may send, and what keeps no alert waiting."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from blocks.home import Home
from blocks.installation import Installation
from deployments.alert_spool import spool_of
from deployments.gateway import application
from deployments.gateway.taking import Intake, UnknownAlerts
from domain.alert import Received
from tests.deployments.gateway.conftest import known
from tests.deployments.gateway.senders.contract import SECRET, payload, sender

SHOP, BLOG = "shop/production", "blog/production"
HEADERS = {"authorization": f"Bearer {SECRET}"}
MANY = 60
"""More than there are threads."""


@pytest.fixture
def both(here: Installation, home: Home) -> Iterator[Home]:
    """Two applications; a rule says that what fits it is the blog's."""
    known(here, SHOP)
    known(here, BLOG, alerts={"rules": [{"match": {"alertname": "Blog*"}, "issue": "service-outage"}]})
    yield home
    waiting(home)


def waiting(home: Home) -> list[Received]:
    spool = spool_of(home)
    rows = [row for file in spool.files() for row in spool.read(file)]
    for file in spool.files():
        spool.done(file)
    return rows


def take(home: Home, body: Any, **entry: Any) -> dict[str, Any]:
    made = sender(kind="alertmanager", bearer=SECRET, **entry)
    return Intake(home, {made.name: made}).take(made, HEADERS, json.dumps(body).encode())


def group(*labels: dict[str, str]) -> Any:
    body = payload("alertmanager")
    body["alerts"] = [
        {**body["alerts"][0], "labels": {"alertname": "Down", **one}, "fingerprint": f"{number}"}
        for number, one in enumerate(labels)
    ]
    return body


@pytest.mark.parametrize("entry", [{"application": SHOP}, {"applications": [SHOP, "shop/staging"]}])
@pytest.mark.parametrize("labels", [{"application": BLOG}, {"alertname": "BlogDown", "application": BLOG}])
def test_a_sender_cannot_name_anothers_application(
    both: Home, entry: dict[str, Any], labels: dict[str, str]
) -> None:
    """Or who has one sender's token would take any application back. Prefect's event tells of it."""
    with pytest.raises(UnknownAlerts, match=r"may not tell of application 'blog/production'"):
        take(both, group(labels), **entry)
    [row] = waiting(both)
    assert row.application is None
    assert "alerts.yaml names shop/production" in row.problem


def test_nor_by_the_rules_of_another_application(both: Home) -> None:
    with pytest.raises(UnknownAlerts, match="may not tell"):
        take(both, group({"alertname": "BlogDown"}), applications=[SHOP])


def test_of_a_group_its_own_are_taken(both: Home) -> None:
    taken = take(both, group({"application": SHOP}, {"application": BLOG}), applications=[SHOP])
    assert (taken["accepted"], len(taken["unknown"])) == (1, 1)
    assert [row.application for row in waiting(both)] == [SHOP, None]


def test_one_application_stands_for_alerts_that_name_none(both: Home) -> None:
    assert take(both, group({}), application=SHOP)["accepted"] == 1


def test_where_the_entry_names_none_the_label_counts(both: Home) -> None:
    assert take(both, group({"application": SHOP}, {"application": BLOG}))["accepted"] == 2


def test_checks_that_hang_keep_no_alert_waiting(
    both: Home, client: httpx.Client, address: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(application, "_described", lambda *_arguments: over.wait(60))
    host, _colon, port = address.removeprefix("http://").partition(":")
    asks = f"GET /health HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with ExitStack() as connections:
        connections.callback(over.set)
        for _ in range(MANY):
            made = connections.enter_context(socket.create_connection((host, int(port)), timeout=10))
            made.sendall(asks)
        assert client.get("/openapi.json").status_code == 200
        assert client.post("/alerts/alertmanager", json=group({"application": SHOP})).status_code == 202
    assert len(waiting(both)) == 1
