"""The database is killed while alerts come: each is answered, none that was promised is lost, and one run starts."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from blocks.installation import Installation
from blocks.keys import api_token
from deployments import alert_forwarding
from deployments.alert_forwarding import forward_alerts
from deployments.alert_spool import spool_of
from deployments.gateway.application import create
from deployments.gateway.senders_file import senders_of
from deployments.prefect_api import PrefectApi
from domain.errors import CommandFailed
from tests.blocks.store.postgres import kill, own_home, running_postgres
from tests.blocks.waiting import wait_until
from tests.deployments.alert_path import Prefect
from tests.deployments.alerting import results
from tests.deployments.gateway.conftest import known
from tests.deployments.gateway.senders.contract import payload

SHOPS = ["one/production", "two/production"]
ALERTS = 20


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    with running_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def home(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = own_home(tmp_path_factory.mktemp("api"), postgres, "gateway")
    with made as home, pytest.MonkeyPatch.context() as patch:
        # Each request asks the store, so that none of them is answered by luck.
        patch.setattr("deployments.gateway.known.FRESH_S", 0)
        patch.setattr("deployments.gateway.known.ASK_AGAIN_S", 0)
        patch.setattr(alert_forwarding, "AWAY_S", 0.1)
        yield home


@pytest.fixture
def prefect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prefect:
    made = Prefect(tmp_path / "prefect")
    monkeypatch.setattr(PrefectApi, "find", lambda _home: made)
    return made


@pytest.fixture
def forwarding(home: Home, prefect: Prefect, client: httpx.Client) -> Iterator[None]:
    """As `serve` hands alerts on, all the time; the client first, so that the forwarder ends before its store does."""
    del home, prefect, client
    stop = threading.Event()
    thread = threading.Thread(target=forward_alerts, args=[stop])
    thread.start()
    yield
    stop.set()
    thread.join()


def start(postgres: EmbeddedPostgres) -> None:
    """As `serve` does: again and again, for what a killed server leaves behind takes a moment to end."""

    def up() -> bool:
        with suppress(CommandFailed):
            postgres.start_again()
        return not postgres.has_ended()

    wait_until(up, "PostgreSQL")


def post(client: httpx.Client, application: str, name: str) -> httpx.Response:
    body = {**payload("generic"), "application": application, "name": name, "fingerprint": name}
    return client.post("/alerts/generic", json=body)


@pytest.mark.usefixtures("forwarding")
@pytest.mark.parametrize("away_s", [0, pytest.param(30, marks=pytest.mark.full_matrix)])
def test_what_was_taken_meanwhile_starts_one_run_of_each_application(
    client: httpx.Client, here: Installation, postgres: EmbeddedPostgres, prefect: Prefect, away_s: int
) -> None:
    shops = [f"{shop}{away_s}" for shop in SHOPS]
    for shop in shops:
        known(here, shop)
    assert post(client, "nobody/production", "before").status_code == 422
    here.store.rest()
    kill(postgres)
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(post, client, shop, f"a{n}") for n in range(ALERTS) for shop in shops]
            assert {one.result().status_code for one in asked} == {202}
        assert spool_of(here.home).files() != []
        threading.Event().wait(max(0.0, began + away_s - time.monotonic()))
    finally:
        start(postgres)
    wait_until(lambda: spool_of(here.home).files() == [], "the spool")
    for shop in shops:
        assert sorted(results(here, shop)) == ["grouped"] * (ALERTS - 1) + ["started"]
    assert len(prefect.starting()) == len(set(prefect.starting())) == len(shops)


def test_before_the_first_look_at_the_store_it_is_to_be_sent_again(
    home: Home, here: Installation, postgres: EmbeddedPostgres
) -> None:
    token = api_token(home)
    known(here, SHOPS[0])
    here.store.rest()
    kill(postgres)
    try:
        app = create(home, token, senders_of(home, token, loopback=True))
        with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
            answer = client.post("/alerts/generic", json={**payload("generic"), "application": SHOPS[0]})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert spool_of(home).files() == []
    finally:
        start(postgres)
