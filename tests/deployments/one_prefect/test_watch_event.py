"""The event of a fired trigger, in a real Prefect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from blocks.installation import Installation
from deployments.prefect_api import PrefectApi
from deployments.watch_record import WatchRecord
from deployments.watched import EVENT, Watched
from tests.blocks.waiting import wait_until
from tests.deployments.served import Served
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


@pytest.fixture
def api(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrefectApi]:
    with PrefectApi(served.serving["prefect_api_url"], served.auth()) as api:
        monkeypatch.setattr(PrefectApi, "find", lambda _home: api)
        yield api


@pytest.mark.usefixtures("api")
def test_prefect_has_the_event_of_a_fired_trigger(
    client: SyncPrefectClient, stage: Stage, tmp_path: Path
) -> None:
    scene: Scene = stage.scene(tmp_path)
    (stage.folder / "blue.unhealthy").touch()

    def told() -> bool:
        wanted = {"filter": {"event": {"name": [EVENT]}}}
        found = client._client.post("/events/filter", json=wanted).json()["events"]
        return any(event["payload"]["application"] == scene.name for event in found)

    here: Installation
    with scene.installation() as here:
        watched = Watched(scene.document, "digest", WatchRecord(here))
        for _ in range(3):
            watched.look(here)
    wait_until(told, "the event")
