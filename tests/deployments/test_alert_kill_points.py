"""Killed at every step between a request and Prefect's event, and worse: nothing is lost, and nothing starts twice."""

import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blocks import files, spool
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from blocks.installation import installation
from blocks.spool import Spool
from blocks.store import alerts
from deployments import alert_decision, alert_forwarding
from deployments.alert_forwarding import AWAY_S, Forwarder
from deployments.gateway.senders_file import senders_of
from deployments.prefect_api import PrefectApi
from domain.outcomes import Outcome
from domain.request import Request
from tests.blocks.store.postgres import own_home, running_postgres
from tests.deployments.alert_path import TOKEN, AlertPath, Prefect, Step, in_a_child

HOUR = 3600
TAKING = [Step(spool, "replace_file"), Step(files, "sync_folder"), Step(os, "fsync"), Step(Path, "replace")]
HANDING_ON = [
    Step(alert_forwarding, "decide"),
    Step(alerts, "claim"),
    Step(alerts, "keep"),
    Step(alert_decision, "event_of"),
    Step(Prefect, "emit_all"),
    Step(alerts, "sent"),
    Step(Forwarder, "_mark"),
    Step(Spool, "done"),
]
either_side = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    with running_postgres() as running:
        yield running


@pytest.fixture(scope="module")
def home(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with own_home(tmp_path_factory.mktemp("alerts"), postgres, "alerts") as made:
        yield made


@pytest.fixture
def path(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AlertPath]:
    prefect = Prefect(tmp_path / "prefect")
    monkeypatch.setattr(PrefectApi, "find", lambda _home: prefect)
    with installation(home) as here:
        made = AlertPath(here, senders_of(home, TOKEN, loopback=True), prefect)
        yield made
        made.clear()


@pytest.fixture
def shop(path: AlertPath) -> str:
    return path.applied()


@either_side
@pytest.mark.parametrize("step", TAKING, ids=lambda step: step.name)
def test_killed_before_the_answer_there_is_all_of_it_or_nothing(
    path: AlertPath, shop: str, step: Step, after: bool
) -> None:
    def work() -> None:
        intake = path.started_intake()
        path.take(shop, "First", intake)
        step.be_last(after=after)
        path.take(shop, "Second", intake)

    in_a_child(work)
    assert path.waiting() in (["First"], ["First", "Second"])
    # Its sender got no answer, and sends it again.
    path.pass_on(shop, "Second")
    assert path.waiting() == []
    assert path.results(shop) == ["grouped", "started"]
    assert len(path.prefect.starting()) == 1


@either_side
@pytest.mark.parametrize("step", HANDING_ON, ids=lambda step: step.name)
def test_killed_on_the_way_to_prefect_it_is_handed_on_once(
    path: AlertPath, shop: str, step: Step, after: bool
) -> None:
    for name in ("First", "Second"):
        path.take(shop, name)

    def work() -> None:
        step.be_last(after=after)
        path.hand_on()

    in_a_child(work)
    path.hand_on()
    assert path.waiting() == []
    assert path.results(shop) == ["grouped", "started"]
    assert path.prefect.starting() == path.detections(shop)
    assert len(path.prefect.starting()) == 1


def test_two_forwarders_hand_each_on_once(path: AlertPath) -> None:
    shops = [path.applied() for _ in range(5)]
    for number in range(20):
        path.take(shops[number % 5], f"Broken{number}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: path.hand_on(), range(8)))
    assert (path.waiting(), path.aside()) == ([], [])
    assert [path.results(shop) for shop in shops] == [["grouped"] * 3 + ["started"]] * 5
    assert sorted(path.prefect.starting()) == sorted(one for shop in shops for one in path.detections(shop))


def test_on_a_full_disk_nothing_is_promised_and_later_it_is(path: AlertPath, shop: str) -> None:
    path.take(shop, "First")

    def work() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        with pytest.raises(OSError, match="File too large"):
            path.take(shop, "Second")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert path.waiting() == ["First"]
        assert len(list(path.spool.folder.iterdir())) == 1
        path.take(shop, "Third")

    in_a_child(work, expected=0)
    assert path.waiting() == ["First", "Third"]


@pytest.mark.parametrize("kept", [0, 1, 40, -1], ids=["empty", "a letter", "half", "no end"])
def test_a_file_that_the_disk_cut_is_kept_aside_and_never_taken_for_done(
    path: AlertPath, shop: str, kept: int
) -> None:
    path.take(shop, "Cut")
    [file] = path.spool.files()
    file.write_bytes(file.read_bytes()[:kept])
    path.pass_on(shop, "Whole")
    assert path.results(shop) == ["started"]
    assert path.spool.files() == []
    assert path.aside() == [file.with_suffix(".broken").name]


@pytest.mark.parametrize("seconds", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_clock_that_jumps_on_this_host_changes_nothing(
    path: AlertPath, shop: str, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.take(shop, "First")
    real, real_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: real() + seconds)
    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + seconds * 10**9)
    for name in ("Second", "First"):
        path.pass_on(shop, name)
    assert path.waiting() == []
    assert path.results(shop) == ["grouped", "started"]
    assert len(path.prefect.starting()) == 1


def test_after_the_stores_clock_went_back_an_alert_starts_a_run(path: AlertPath, shop: str) -> None:
    path.pass_on(shop, "First")
    with path.here.store.database.transaction() as connection:
        connection.execute("UPDATE alerts SET taken_at = taken_at + interval '1 hour'")
    path.pass_on(shop, "Second")
    assert path.results(shop) == ["started", "started"]
    assert len(path.prefect.starting()) == 2


def test_settings_that_cannot_be_read_hold_up_no_other_application(path: AlertPath, shop: str) -> None:
    newer = path.applied(alerts={"of_a_newer": "Backout"})
    path.take(newer)
    path.pass_on(shop)
    assert path.waiting() == []
    assert [path.results(one) for one in (newer, shop)] == [["started"], ["started"]]
    assert len(path.prefect.starting()) == 2


def test_while_the_store_is_away_alerts_are_taken_and_wait(
    path: AlertPath, postgres: EmbeddedPostgres, shop: str
) -> None:
    path.take(shop, "Before")
    forwarder = Forwarder(path.here, path.spool)
    postgres.stop()
    try:
        path.take(shop, "Meanwhile")
        assert forwarder.step() == AWAY_S
        assert path.waiting() == ["Before", "Meanwhile"]
    finally:
        postgres.start()
    forwarder.step()
    assert path.waiting() == []
    assert path.results(shop) == ["grouped", "started"]
    assert len(path.prefect.starting()) == 1


def test_what_prefect_lost_is_asked_for_as_another_event(
    path: AlertPath, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_forwarding, "UNREAD_S", 0)
    path.pass_on(shop)
    path.hand_on()
    asked = path.prefect.starting()
    assert len(asked) > 1
    assert set(asked) == set(path.detections(shop))
    path.here.store.alert_read(path.detections(shop)[0], f"{shop} run")
    path.hand_on()
    assert len(path.prefect.starting()) == len(asked)


def test_what_waited_for_an_incident_that_never_opened_starts_a_run_when_it_is_sent_again(
    path: AlertPath, shop: str
) -> None:
    for name in ("First", "Second"):
        path.pass_on(shop, name)
    with path.here.store.database.transaction() as connection:
        connection.execute("UPDATE alerts SET taken_at = taken_at - interval '1 day'")
    path.pass_on(shop, "Second")
    assert path.results(shop) == ["started", "started"]


def test_what_was_noted_in_an_incident_that_ended_starts_a_run_where_it_still_fires(
    path: AlertPath, shop: str
) -> None:
    store = path.here.store
    hold = store.begin(Request(application=shop), f"{shop} run").hold
    assert hold is not None
    path.pass_on(shop)
    assert path.results(shop) == ["grouped"]
    store.close(hold, Outcome.EXPIRED)
    path.pass_on(shop)
    assert path.results(shop) == ["started"]


def test_a_fingerprint_that_two_applications_share_is_not_one_alert(path: AlertPath) -> None:
    shops = [path.applied() for _ in range(2)]
    for shop in shops:
        path.take(shop, fingerprint="high-error-rate")
        path.hand_on()
    assert [path.results(shop) for shop in shops] == [["started"], ["started"]]
