"""Triggers on other signals than health, warnings, and windows that outlive the watch."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from blocks.document import Document
from blocks.installation import Installation
from blocks.sender import Sender
from blocks.signals.contract import Place
from blocks.signals.http import Http
from blocks.store import configurations, watch_windows
from blocks.store.configurations import Applied
from deployments.watch import Watching
from deployments.watch_record import WatchRecord
from deployments.watched import Watched
from domain.errors import StoreUnavailable
from domain.findings import Finding, Verdict
from tests.deployments.test_watch import Api, api
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["api", "stage", "store_url"]

ERRORS = {"kind": "http", "name": "error-rate", "path": "/health", "every_s": 1}
RULE = {"signal": "error-rate", "above": 5, "unit": "%", "for_s": 9, "issue": "error-rate"}


class Clock:
    """The watch's clock, which only a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(WatchRecord, "now", lambda _record: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def rate(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the error rate is measured as; health is asked for real."""
    value = [9.0]
    real = Http.observe

    def observe(self: Http, place: Place) -> Finding:
        if self.name != "error-rate":
            return real(self, place)
        return Finding(
            name=self.name, on=place.name, verdict=Verdict.OK, said="measured", value=value[0], unit="%"
        )

    monkeypatch.setattr(Http, "observe", observe)
    return value


Make = Callable[..., Scene]


@pytest.fixture
def make(stage: Stage, tmp_path: Path) -> Make:
    def made(**watch: Any) -> Scene:
        return stage.scene(tmp_path, watch={"signals": [ERRORS], "triggers": [RULE], **watch})

    return made


def watched_of(document: Document, here: Installation) -> Watched:
    """As `serve` makes it when it starts."""
    record = WatchRecord(here)
    return Watched(document, "digest", record, kept=record.kept(document.name))


def sample(watched: Watched, here: Installation, clock: Clock, times: int, step_s: float = 3.0) -> None:
    """Health once, then so many samples of the error rate."""
    watched.look(here)
    for _ in range(times):
        clock.now += step_s
        watched.look(here, watched.others[0])


@pytest.mark.usefixtures("rate")
def test_a_limit_that_is_passed_for_a_while_fires_with_its_samples(
    api: Api, make: Make, clock: Clock
) -> None:
    scene = make()
    with scene.installation() as here:
        watched = watched_of(scene.document, here)
        sample(watched, here, clock, 3)
        assert api.events == []
        sample(watched, here, clock, 3)
    [event] = api.events
    payload = event["payload"]
    assert event["event"] == "backout.trigger.fired"
    assert (payload["trigger"], payload["level"], payload["issue"]) == (
        "error-rate",
        "roll back",
        "error-rate",
    )
    assert payload["reason"] == "every sample of error-rate above 5 % for 9 s: 9 % over 4 samples"
    assert [one["value"] for one in payload["samples"]] == [9.0] * 4
    assert "severity" not in json.dumps(event)


@pytest.mark.usefixtures("rate")
def test_nothing_counts_before_it_was_seen_well(api: Api, make: Make, clock: Clock) -> None:
    scene = make()
    (scene.stage.folder / "blue.unhealthy").touch()
    with scene.installation() as here:
        with here.store.database.transaction() as connection:
            connection.execute("DELETE FROM releases WHERE application = %s", [scene.name])
        sample(watched_of(scene.document, here), here, clock, 9)
    assert api.events == []


@pytest.mark.parametrize(("level", "told"), [("warning", "⚠️ WARNING"), ("critical", "🚨 CRITICAL")])
@pytest.mark.usefixtures("rate")
def test_a_warning_tells_the_channels_once_and_starts_nothing(
    api: Api, make: Make, clock: Clock, tmp_path: Path, level: str, told: str
) -> None:
    scene = make(triggers=[RULE | {"level": level}])
    with scene.installation() as here:
        sample(watched_of(scene.document, here), here, clock, 9)
        sender = Sender(
            here.store, lambda _app: {one.name: one for one in scene.document.channels}, scene.name
        )
        while sender.send_next():
            pass
    [event] = api.events
    assert event["event"] == "backout.trigger.warning"
    [line] = (tmp_path / "messages.log").read_text().splitlines()
    message = json.loads(line)
    assert message["title"] == f"{told}: {scene.name}: error-rate {level}"
    assert "above 5 % for 9 s: 9 % over 4 samples" in message["text"]


@pytest.mark.usefixtures("rate")
@pytest.mark.parametrize(("away_s", "fires"), [(3.0, True), (60.0, False)])
def test_a_window_goes_on_after_a_restart_unless_it_is_older_than_its_span(
    api: Api, make: Make, clock: Clock, away_s: float, fires: bool
) -> None:
    scene = make()
    with scene.installation() as here:
        first = watched_of(scene.document, here)
        sample(first, here, clock, 3)
        first.record.write()
        clock.now += away_s - 3
        sample(watched_of(scene.document, here), here, clock, 1)
    assert bool(api.events) is fires


@pytest.mark.parametrize("watch", [{}, {"signals": [], "triggers": []}])
def test_a_row_of_failures_goes_on_after_a_restart_and_what_fired_stays_silent(
    api: Api, make: Make, watch: dict[str, Any]
) -> None:
    scene = make(**watch)
    (scene.stage.folder / "blue.unhealthy").touch()
    with scene.installation() as here:
        for number in range(4):  # a restart before each
            watched = watched_of(scene.document, here)
            watched.look(here)
            watched.record.write()
            assert len(api.events) == (1 if number >= 2 else 0)


def test_a_healthy_application_costs_the_store_one_row(make: Make, api: Api) -> None:
    scene = make(signals=[], triggers=[])
    with scene.installation() as here:
        watched = watched_of(scene.document, here)
        for _ in range(9):
            watched.look(here)
        watched.record.write()
        assert len(watch_windows.kept(here.store.database, scene.name).samples) == 1
    assert api.events == []


@pytest.mark.usefixtures("rate")
def test_a_new_document_keeps_what_was_measured(make: Make, clock: Clock) -> None:
    scene = make()
    with scene.installation() as here, ThreadPoolExecutor(1) as pool:
        configurations.keep(here.store.database, Applied(scene.name, scene.raw, "one", "a test"), "ann")
        watching = Watching(here, pool)
        watching.reload()
        before = watching.watched[scene.name]
        sample(before, here, clock, 3)
        configurations.keep(here.store.database, Applied(scene.name, scene.raw, "two", "a test"), "ann")
        watching.reload()
        after = watching.watched[scene.name]
        assert after is not before
        assert before.retired
        assert len(watch_windows.kept(here.store.database, scene.name).samples) == 4


@pytest.mark.usefixtures("rate")
def test_while_the_store_is_away_samples_wait(
    make: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make()
    with scene.installation() as here:
        watched = watched_of(scene.document, here)
        sample(watched, here, clock, 2)
        record, real = watched.windows.record, watch_windows.write

        def away(*_arguments: object) -> None:
            raise StoreUnavailable(what_it_is="the store", address="here", why="refused")

        monkeypatch.setattr(watch_windows, "write", away)
        with pytest.raises(StoreUnavailable):
            record.write()
        sample(watched, here, clock, 1)
        monkeypatch.setattr(watch_windows, "write", real)
        record.write()
        kept = watch_windows.kept(here.store.database, scene.name).samples
    assert [one.clock for one in kept] == sorted(one.clock for one in kept)
    assert len([one for one in kept if one.finding.name == "error-rate"]) == 3


def test_the_clock_goes_on_after_a_restart(make: Make, rate: list[float]) -> None:
    scene = make()
    with scene.installation() as here:
        first = WatchRecord(here)
        first.begin()
        watched = Watched(scene.document, "digest", first)
        watched.look(here)
        watched.look(here, watched.others[0])
        first.write()
        at = first.now()
        second = WatchRecord(here)
        second.begin()
        assert second.now() >= watch_windows.kept(here.store.database, scene.name).samples[-1].clock
        assert second.now() < at + 60
    assert rate == [9.0]
