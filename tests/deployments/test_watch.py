"""The watch: each application on its own clock, and no event is lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest

from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.prefect_api import PrefectApi
from deployments.sampler import Sampler
from deployments.watch import Watching
from deployments.watch_record import WatchRecord
from deployments.watched import Watched
from domain.errors import PrefectUnavailable
from domain.triggers import Level
from domain.triggers.window import AGAIN
from tests.blocks.waiting import wait_until
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


class Api:
    """Takes events, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        if self.away:
            raise PrefectUnavailable("Prefect", "here", "refused")
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def emit(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def starting(self) -> list[dict[str, Any]]:
        """Those that an automation starts a run for."""
        return [one for one in self.events if one["resource"]["backout.reaction"] != "note"]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api()
    monkeypatch.setattr(PrefectApi, "find", lambda _home: api)
    return api


@pytest.fixture
def sick(stage: Stage, tmp_path: Path) -> Scene:
    """No pause follows a start here."""
    scene = stage.scene(tmp_path, alerts={"cool_down_s": 0})
    (stage.folder / "blue.unhealthy").touch()
    return scene


@pytest.fixture
def here(sick: Scene) -> Iterator[Installation]:
    with sick.installation() as here:
        yield here


def watched_of(scene: Scene, here: Installation) -> Watched:
    return Watched(scene.document, "digest", WatchRecord(here))


def test_an_event_that_prefect_did_not_take_is_sent_at_the_next_sample(
    api: Api, sick: Scene, here: Installation
) -> None:
    watched = watched_of(sick, here)
    api.away = True
    for _ in range(4):
        watched.look(here)
    api.away = False
    for _ in range(3):
        watched.look(here)
    [event] = api.events
    assert len(here.store.detection(event["payload"]["detection"]).findings) == 3


@pytest.mark.parametrize(("open_incident", "events"), [(False, 2), (True, 1)])
def test_while_it_stays_bad_it_fires_again_unless_an_incident_is_open(
    api: Api,
    sick: Scene,
    here: Installation,
    monkeypatch: pytest.MonkeyPatch,
    open_incident: bool,
    events: int,
) -> None:
    watched = watched_of(sick, here)
    for _ in range(3):
        watched.look(here)
    if open_incident:
        sick.case(here)
    monkeypatch.setitem(AGAIN, Level.ROLL_BACK, timedelta())
    watched.look(here)
    assert len(api.events) == len(api.starting()) == events


def test_it_starts_the_runbook_of_its_trigger_and_the_next_waits_for_the_pause(
    api: Api, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    down = {"failures": 2, "runbook": "service-outage", "issue": "service-outage"}
    scene = stage.scene(tmp_path, watch={"triggers": [down]})
    (stage.folder / "blue.unhealthy").touch()
    with scene.installation() as here:
        configurations.keep(here.store.database, Applied(scene.name, scene.raw, "digest", "a test"), "ann")
        watched = watched_of(scene, here)
        for _ in range(2):
            watched.look(here)
        [event] = api.starting()
        assert event["resource"]["backout.runbook"] == "service-outage"
        with here.store.database.transaction() as connection:
            connection.execute("UPDATE alerts SET taken_at = taken_at - interval '1 minute'")
            connection.execute("UPDATE configurations SET applied_at = applied_at - interval '1 minute'")
        monkeypatch.setitem(AGAIN, Level.ROLL_BACK, timedelta())
        for _ in range(3):
            watched.look(here)
    [_, held] = api.events
    assert held["payload"]["result"] == "cooling"
    said = "trigger health fired: cooling, an alert or a trigger started a run a short while ago"
    assert caplog.text.count(said) == 1


@pytest.mark.parametrize(("open_incident", "events"), [(False, 2), (True, 1)])
def test_a_new_apply_ends_the_silence_after_a_run_that_was_refused(
    api: Api, sick: Scene, here: Installation, open_incident: bool, events: int
) -> None:
    applied = Applied(sick.name, sick.raw, "digest", "a test")
    configurations.keep(here.store.database, applied, "ann")
    with ThreadPoolExecutor(1) as pool:
        watching = Watching(here, pool)
        watching.reload()
        for _ in range(4):
            watching.watched[sick.name].look(here)
        assert len(api.events) == 1
        watching.reload()  # nothing was applied meanwhile
        watching.watched[sick.name].look(here)
        assert len(api.events) == 1
        if open_incident:
            sick.case(here)
        configurations.keep(here.store.database, applied, "ann")
        watching.reload()
        watching.watched[sick.name].look(here)
    assert len(api.events) == events


def test_one_that_hangs_or_fails_delays_no_other_and_is_looked_at_once_at_a_time(
    sick: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang, seen = threading.Event(), []

    def look(self: Watched, _here: Installation, _sampler: Sampler) -> None:
        seen.append(self.digest)
        if self.digest == "hangs":
            hang.wait()
        if self.digest == "fails":
            raise ZeroDivisionError

    monkeypatch.setattr(Watched, "_look", look)
    with ThreadPoolExecutor(4) as pool:
        watching = Watching(here, pool)
        watching.watched = {
            name: Watched(sick.document, name, watching.record) for name in ("hangs", "fails", "well")
        }

        def looked_often() -> bool:
            for one in watching.watched.values():
                one.health.due = 0.0
            watching.look()
            return seen.count("well") > 2 and seen.count("fails") > 2

        wait_until(looked_often, "the other two")
        hang.set()
    assert seen.count("hangs") == 1


def test_one_that_cannot_be_read_leaves_the_others_watched(sick: Scene, here: Installation) -> None:
    database = here.store.database
    raw = sick.raw | {"name": "shop/unreadable", "health": {"kind": "http", "path": "${NO_SUCH}"}}
    for document in (sick.raw, raw):
        configurations.keep(database, Applied(document["name"], document, "digest", "a test"), "ann")
    with ThreadPoolExecutor(1) as pool:
        watching = Watching(here, pool)
        watching.reload()
    assert sick.name in watching.watched
    assert "shop/unreadable" not in watching.watched


def _forget_what_served(here: Installation, application: str) -> None:
    with here.store.database.transaction() as connection:
        connection.execute("DELETE FROM releases WHERE application = %s", [application])


def test_what_was_never_seen_healthy_is_not_down(
    api: Api, sick: Scene, here: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    _forget_what_served(here, sick.name)
    watched = watched_of(sick, here)
    for _ in range(4):
        watched.look(here)
    assert api.events == []
    assert caplog.text.count("was not seen healthy yet") == 1
    (sick.stage.folder / "blue.unhealthy").unlink()
    watched.look(here)
    (sick.stage.folder / "blue.unhealthy").touch()
    for _ in range(3):
        watched.look(here)
    assert len(api.events) == 1


def test_what_was_well_before_serve_was_started_again_still_alarms(
    api: Api, sick: Scene, here: Installation
) -> None:
    (sick.stage.folder / "blue.unhealthy").unlink()
    watched_of(sick, here).look(here)
    (sick.stage.folder / "blue.unhealthy").touch()
    _forget_what_served(here, sick.name)
    started_again = watched_of(sick, here)
    for _ in range(3):
        started_again.look(here)
    assert len(api.events) == 1
