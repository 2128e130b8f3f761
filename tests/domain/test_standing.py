"""Where an open incident stands, from its journal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.bearing import acting, stage
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment, Stage
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.standing import Standing, slot, standing
from tests.domain.report import story

OPENED = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)
Row = tuple[float, Happened, dict[str, Any]]


def after(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


def journal(*rows: Row) -> list[Entry]:
    return [
        Entry(incident="inc-1", seq=seq, at=after(seconds), kind=kind, data=data)
        for seq, (seconds, kind, data) in enumerate(rows, start=1)
    ]


def at(seconds: float, *rows: Row, plan: Plan | None = None, **over: bool) -> Standing:
    return standing(journal(*rows), plan, OPENED, after(seconds), **over)


PLANNED: Row = (10.0, Happened.PLANNED, {})
BEGUN = (20.0, Happened.ACT_STARTED, {"act": "prepare"})
ASKED = (15.0, Happened.CONSENT_ASKED, {"deadline": "2026-11-22T03:20:00+00:00"})


@pytest.mark.parametrize(
    ("seconds", "due"), [(0, 0), (299, 0), (300, 1), (599, 1), (600, 2), (-5, 0), (90_000, 300)]
)
def test_how_many_updates_are_due(seconds: float, due: int) -> None:
    assert slot(OPENED, after(seconds), 300) == due


def test_before_anything_was_done_it_says_so() -> None:
    seen = at(5)
    assert (seen.step, seen.eta, seen.acting) == ("taking the request in", "not yet known", False)
    assert seen.status == "looking at what serves and what can be gone back to"


def test_a_step_is_counted_in_the_plan() -> None:
    seen = at(40, PLANNED, BEGUN, plan=story.plan(eta_s=60))
    assert seen.step == "prepare (2 of 6)"
    assert seen.status == "the rollback is under way"
    assert seen.eta == "about 30.0 s left"
    assert seen.acting


def test_people_who_are_asked_are_said_to_be() -> None:
    seen = at(40, PLANNED, ASKED, plan=story.plan(eta_s=60))
    assert seen.step == "wait for consent"
    assert seen.status == "waiting for consent until 2026-11-22 03:20:00 UTC"
    assert seen.eta == "1 min after the answer"
    assert not seen.acting


def test_after_the_answer_time_counts_from_there() -> None:
    seen = at(320, PLANNED, ASKED, (300, Happened.RESUMED, {}), BEGUN, plan=story.plan(eta_s=60))
    assert seen.eta == "about 40.0 s left"
    assert seen.acting


def test_what_takes_longer_than_expected_is_called_overdue() -> None:
    assert at(200, PLANNED, BEGUN, plan=story.plan(eta_s=60)).eta == "overdue: it was to take 1 min"


def test_a_run_that_gives_no_sign_of_life_does_not_act() -> None:
    seen = at(60, PLANNED, BEGUN, plan=story.plan(), alive=False)
    assert seen.status.startswith("interrupted")
    assert not seen.acting


def test_an_act_that_failed_is_named() -> None:
    failed = (30.0, Happened.ACT_FAILED, {"act": "prepare", "error": "refused"})
    assert at(60, PLANNED, BEGUN, failed, plan=story.plan()).status.endswith(
        "prepare failed, and is tried again"
    )


def test_traffic_that_moved_is_monitored() -> None:
    moved = (30.0, Happened.SWITCHED, {"receipt": story.receipt()})
    seen = at(60, PLANNED, BEGUN, moved, plan=story.plan())
    incident, _ = story.consented()
    still_open = incident.model_copy(update={"outcome": None})
    assert seen.status == "traffic is on the old release, which is being checked"
    assert stage(Moment.UPDATE, still_open, story.plan(), None, seen) is Stage.MONITORING


@pytest.mark.parametrize(
    ("outcome", "far"),
    [
        (Outcome.ROLLED_BACK, Stage.MONITORING),
        (Outcome.RESTORED, Stage.RESOLVED),
        (Outcome.NOTHING_TO_DO, Stage.RESOLVED),
        (Outcome.SUPERSEDED, Stage.RESOLVED),
        (Outcome.HELD, Stage.IDENTIFIED),
        (Outcome.STUCK, Stage.IDENTIFIED),
        (Outcome.REJECTED, Stage.IDENTIFIED),
    ],
)
def test_how_far_an_end_is(outcome: Outcome, far: Stage) -> None:
    incident, _ = story.consented()
    ended = incident.model_copy(update={"outcome": outcome})
    assert stage(Moment.ENDED, ended, ended.plan, None, None) is far
    assert not acting(Moment.ENDED, ended, ended.plan, None)


def test_without_a_watch_the_end_is_the_last_word() -> None:
    incident, _ = story.consented()
    alone = incident.request.model_copy(update={"via": "break-glass"})
    ended = incident.model_copy(update={"outcome": Outcome.ROLLED_BACK, "request": alone})
    assert stage(Moment.ENDED, ended, ended.plan, None, None) is Stage.RESOLVED


def test_a_watch_that_gave_way_to_something_newer_is_the_last_word() -> None:
    incident, _ = story.consented()
    assert stage(Moment.WATCHED, incident, incident.plan, None, None) is Stage.RESOLVED
