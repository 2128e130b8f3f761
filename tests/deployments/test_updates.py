"""Updates of open incidents: each once, however often somebody looks, and whoever does."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.sender import Sender
from deployments import updates
from domain.errors import MissingSecret
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from tasks.assess import make_plan
from tasks.case import Case
from tasks.survey import survey
from tasks.tell import announce
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "messages.log"


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = stage.scene(tmp_path)
    monkeypatch.setattr(updates, "document", lambda *_arguments: made.document)
    return made


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


@pytest.fixture
def case(scene: Scene, here: Installation) -> Iterator[Case]:
    made = scene.case(here)
    yield made
    here.store.close(made.hold, Outcome.HELD)


def later(case: Case, seconds: float) -> datetime:
    return case.incident.opened_at + timedelta(seconds=seconds)


def told(case: Case, log: Path) -> list[dict[str, Any]]:
    """What people have got so far."""
    channels = {channel.name: channel for channel in case.document.channels}
    sender = Sender(case.installation.store, lambda _application: channels, case.document.name)
    while sender.send_next():
        pass
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def moments(case: Case, log: Path) -> list[str]:
    return [line["moment"] for line in told(case, log)]


def test_the_first_word_comes_within_a_minute_also_where_the_run_takes_longer(
    case: Case, here: Installation, log: Path
) -> None:
    updates.tell_once(here, later(case, 30), {})
    assert moments(case, log) == []
    updates.tell_once(here, later(case, 45), {})
    updates.tell_once(here, later(case, 50), {})
    (first,) = told(case, log)
    assert (first["moment"], first["stage"]) == ("started", "investigating")
    assert "no plan yet" in first["title"]


def test_the_runs_own_first_word_follows_the_early_one(case: Case, here: Installation, log: Path) -> None:
    updates.tell_once(here, later(case, 45), {})
    make_plan(case, survey(case))
    announce(case)
    announce(case)
    early, own = told(case, log)
    assert "no plan yet" in early["title"]
    assert "2.0 → 1.0" in own["title"]


def test_an_update_comes_every_five_minutes_and_each_once(case: Case, here: Installation, log: Path) -> None:
    make_plan(case, survey(case))
    announce(case)
    for seconds in (299, 300, 305, 420, 599, 600, 899):
        updates.tell_once(here, later(case, seconds), {})  # each time as a `serve` that has just started
        told(case, log)
    assert moments(case, log) == ["started", "update", "update"]
    assert [line["once"] for line in told(case, log)[1:]] == ["slot 1", "slot 2"]


def test_what_a_channel_could_not_take_is_replaced_by_what_is_newer(
    case: Case, here: Installation, log: Path
) -> None:
    make_plan(case, survey(case))
    announce(case)
    assert moments(case, log) == ["started"]
    for seconds in (300, 600, 900):
        updates.tell_once(here, later(case, seconds), {})
    assert [line["once"] for line in told(case, log)[1:]] == ["slot 3"]


def test_after_hours_without_serve_only_the_newest_update_is_posted(
    case: Case, here: Installation, log: Path
) -> None:
    make_plan(case, survey(case))
    announce(case)
    updates.tell_once(here, later(case, 7200), {})
    assert [line["once"] for line in told(case, log)[1:]] == ["slot 24"]


def test_an_update_says_step_status_and_what_is_left(case: Case, here: Installation, log: Path) -> None:
    plan = make_plan(case, survey(case))
    announce(case)
    case.note(
        Happened.CONSENT_ASKED, deadline=later(case, 900).isoformat(), plan=plan.digest(), key="k", run="r"
    )
    updates.tell_once(here, later(case, 310), {})
    update = told(case, log)[-1]
    assert "**Step**: wait for consent" in update["text"]
    assert "waiting for consent until" in update["facts"]["Status"]
    assert update["facts"]["ETA"].endswith("after the answer")
    assert not update["acting"]


def test_a_run_that_acts_says_so(case: Case, here: Installation, log: Path) -> None:
    make_plan(case, survey(case))
    announce(case)
    case.note(Happened.ACT_STARTED, act="prepare")
    updates.tell_once(here, later(case, 310), {})
    update = told(case, log)[-1]
    assert "**Step**: prepare (" in update["text"]
    assert update["acting"]
    assert update["stage"] == "identified"


def test_the_policy_says_how_often(
    scene: Scene, case: Case, here: Installation, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = scene.document.policy.model_copy(update={"update_every_s": 60})
    changed = scene.document.model_copy(update={"policy": often})
    monkeypatch.setattr(updates, "document", lambda *_arguments: changed)
    make_plan(case, survey(case))
    announce(case)
    updates.tell_once(here, later(case, 130), {})
    assert [line["once"] for line in told(case, log)[1:]] == ["slot 2"]


def test_one_that_has_ended_is_told_of_no_more(case: Case, here: Installation, log: Path) -> None:
    make_plan(case, survey(case))
    announce(case)
    here.store.close(case.hold, Outcome.HELD)
    told_of = {case.incident.id: 1}
    assert updates.tell_once(here, later(case, 900), told_of) == []
    assert told_of == {}
    assert moments(case, log) == ["started"]


@pytest.mark.parametrize("error", [MissingSecret("backout.yaml", "token", "is not set"), KeyError("defect")])
def test_an_application_that_cannot_be_read_keeps_no_other_back(
    case: Case, here: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def lacking(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(updates, "document", lacking)
    assert updates.tell_once(here, later(case, 310), {}) == []


def test_an_incident_that_another_one_ended_is_told_to_be_over_once(
    case: Case, here: Installation, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_plan(case, survey(case))
    announce(case)
    here.store.close(case.hold, Outcome.SUPERSEDED)
    assert updates.close_once(here) == []
    monkeypatch.setattr(updates, "LATE_S", 0.0)
    assert updates.close_once(here) == [case.incident.id]
    assert updates.close_once(here) == []
    last = told(case, log)[-1]
    assert (last["moment"], last["outcome"], last["stage"]) == ("ended", "superseded", "resolved")


def test_an_incident_that_nobody_heard_of_is_not_told_to_be_over(
    case: Case, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.store.close(case.hold, Outcome.SUPERSEDED)
    monkeypatch.setattr(updates, "LATE_S", 0.0)
    assert updates.close_once(here) == []
