"""Alerts at a real port beside a real store: who is let in, whose they are, and what is on disk before the answer."""

import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from blocks.home import Home
from blocks.installation import Installation
from deployments.alert_spool import spool_of
from deployments.gateway.senders.contract import LONGEST_BODY, LONGEST_GROUP
from deployments.gateway.senders_file import BY_TOKEN
from domain.alert import Received
from tests.deployments.gateway.conftest import known
from tests.deployments.gateway.senders.contract import payload

SHOP = "shop/production"
RULES = {
    "rules": [
        {
            "match": {"alertname": "Disk*", "host": "web-?"},
            "issue": "service-outage",
            "runbook": "performance-degradation",
        }
    ]
}


@pytest.fixture(autouse=True)
def _empty(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits, and what is applied is known at once."""
    for name in ("FRESH_S", "ASK_AGAIN_S"):
        monkeypatch.setattr(f"deployments.gateway.known.{name}", 0)
    spool = spool_of(home)
    for file in spool.files():
        spool.done(file)


def waiting(home: Home) -> list[Received]:
    spool = spool_of(home)
    return [row for file in spool.files() for row in spool.read(file)]


def alert(**fields: Any) -> dict[str, Any]:
    return {**payload("generic"), **fields}


@pytest.mark.parametrize("sender", BY_TOKEN)
@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "bearer {token}"]
)
def test_nobody_is_heard_without_credentials(
    address: str, here: Installation, home: Home, token: str, sender: str, given: str | None
) -> None:
    known(here, SHOP)
    headers = {} if given is None else {"Authorization": given.format(token=token)}
    answer = httpx.post(f"{address}/alerts/{sender}", json=payload(sender), headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert token not in answer.text
    assert waiting(home) == []


@pytest.mark.parametrize("path", ["/alerts/nobody", "/alerts/", "/alerts/generic/more", "/alerts/%2e%2e"])
def test_there_is_nothing_else_below_alerts(client: httpx.Client, path: str) -> None:
    assert client.post(path, json=alert()).status_code in (404, 401)


@pytest.mark.parametrize("sender", BY_TOKEN)
def test_what_is_answered_well_is_on_disk(
    client: httpx.Client, here: Installation, home: Home, sender: str
) -> None:
    known(here, SHOP)
    answer = client.post(f"/alerts/{sender}", json=payload(sender))
    assert answer.status_code == 202
    [row] = waiting(home)
    assert (row.application, row.issue, row.runbook) == (SHOP, "service-outage", "rollback")
    assert answer.json()["alerts"][0]["event"] == str(row.alert.event_id)
    [file] = spool_of(home).files()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_prometheus_may_take_it_for_an_alertmanager(
    client: httpx.Client, here: Installation, home: Home
) -> None:
    known(here, SHOP)
    assert client.post("/alerts/prometheus/api/v2/alerts", json=payload("prometheus")).status_code == 202
    assert [row.application for row in waiting(home)] == [SHOP]


def test_an_alert_of_nobody_is_422_and_told_later(
    client: httpx.Client, here: Installation, home: Home
) -> None:
    known(here, SHOP)
    answer = client.post("/alerts/generic", json=alert(application="shop/prod"))
    assert answer.status_code == 422
    assert "shop/prod" in answer.json()["error"]
    assert SHOP in answer.json()["error"]
    [row] = waiting(home)
    assert row.application is None
    assert row.problem


def test_of_a_group_the_known_ones_count(client: httpx.Client, here: Installation, home: Home) -> None:
    known(here, SHOP)
    group = payload("alertmanager")
    group["alerts"].append({**group["alerts"][0], "labels": {"alertname": "Other"}})
    answer = client.post("/alerts/alertmanager", json=group)
    assert (answer.status_code, answer.json()["accepted"], len(answer.json()["unknown"])) == (202, 1, 1)
    assert [row.application for row in waiting(home)] == [SHOP, None]


def test_rules_say_whose_it_is_and_what_it_means(
    client: httpx.Client, here: Installation, home: Home
) -> None:
    known(here, SHOP, alerts=RULES)
    mine = {"name": "DiskFull", "labels": {"host": "web-1"}, "started_at": "2026-11-22T10:00:00Z"}
    assert client.post("/alerts/generic", json=mine).status_code == 202
    [row] = waiting(home)
    assert (row.application, row.issue, row.runbook) == (SHOP, "service-outage", "performance-degradation")
    assert client.post("/alerts/generic", json={**mine, "labels": {"host": "db-1"}}).status_code == 422


def test_rules_of_two_applications_are_nobodys(client: httpx.Client, here: Installation) -> None:
    for name in (SHOP, "shop/staging"):
        known(here, name, alerts=RULES)
    answer = client.post("/alerts/generic", json={"name": "DiskFull", "labels": {"host": "web-1"}})
    assert answer.status_code == 422
    assert "several" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"name": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"started_at": "x", "name": "a"}',
    ],
)
def test_what_is_no_alert_is_told_in_words(
    client: httpx.Client, here: Installation, home: Home, body: bytes
) -> None:
    known(here, SHOP)
    answer = client.post("/alerts/generic", content=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert [row for row in waiting(home) if row.application] == []


def test_a_long_body_is_refused(client: httpx.Client) -> None:
    assert client.post("/alerts/generic", content=b" " * (LONGEST_BODY + 1)).status_code == 413
    assert client.post("/alerts/alertmanager", content=b" " * (LONGEST_GROUP + 1)).status_code == 413


@pytest.mark.parametrize("sender", ["alertmanager", "prometheus"])
def test_two_thousand_in_one_group_are_all_taken(
    client: httpx.Client, here: Installation, home: Home, sender: str
) -> None:
    """Neither sends again what is refused as too much: the worst storm would be the one that is lost."""
    known(here, SHOP)
    group = payload(sender)
    alerts = group["alerts"] if sender == "alertmanager" else group
    one, rest = alerts[0], "x" * 500
    alerts[:] = [
        {
            **one,
            "labels": {**one["labels"], "instance": f"{number}"},
            "annotations": {"summary": rest},
            "fingerprint": f"{number:x}",
        }
        for number in range(2000)
    ]
    answer = client.post(f"/alerts/{sender}", json=group)
    assert int(answer.request.headers["content-length"]) > LONGEST_BODY
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2000)
    assert {row.alert.labels["instance"] for row in waiting(home)} == {str(n) for n in range(2000)}


@pytest.mark.parametrize("sender", BY_TOKEN)
def test_without_the_token_no_letter_of_the_body_is_read(
    address: str, here: Installation, sender: str
) -> None:
    """It is answered before the body comes: nobody fills the memory with what is refused."""
    del here
    host, _colon, port = address.removeprefix("http://").partition(":")
    head = f"POST /alerts/{sender} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as made:
        made.sendall(head.encode())
        assert made.recv(100).startswith(b"HTTP/1.1 401 ")


def test_two_hundred_at_once_are_all_taken(client: httpx.Client, here: Installation, home: Home) -> None:
    known(here, SHOP)
    with ThreadPoolExecutor(50) as pool:
        answers = list(
            pool.map(lambda n: client.post("/alerts/generic", json=alert(fingerprint=str(n))), range(200))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert sorted(int(row.alert.fingerprint) for row in waiting(home)) == list(range(200))


def test_what_is_measured_is_shown(client: httpx.Client, here: Installation) -> None:
    known(here, SHOP)
    client.post("/alerts/generic", content=b"x")
    shown = client.get("/metrics")
    assert shown.headers["content-type"].startswith("text/plain")
    assert 'backout_alerts_total{result="refused",sender="generic"}' in shown.text
    assert "backout_alerts_waiting" in shown.text


def test_the_openapi_document_names_all_routes(client: httpx.Client) -> None:
    paths = json.loads(client.get("/openapi.json").text)["paths"]
    assert {"/alerts/{sender}", "/deployment/rollback", "/deployment/status", "/health", "/metrics"} <= set(
        paths
    )
