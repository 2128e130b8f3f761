"""When an incident is looked at again, and what is said then."""

from datetime import timedelta
from typing import Any

import pytest

from domain.findings import Finding, Verdict
from domain.follow_up import FollowUps, Step, follow_ups, key, review
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.presets import PRESETS
from domain.quarantine import REDEPLOYMENT, Lift
from domain.reminder import Around, Looked, lines
from domain.report.afterwards_story import SAY
from domain.report.facts import gather
from domain.report.render import post_mortem
from tests.domain.report import story

ENDED = story.at(10)
WELL = Looked(findings=[story.finding("health", "router")], serving="blue", release="v0.9-backup")


def said(step: Step, looked: Looked = WELL, **around: Any) -> str:
    found = gather(*story.automatic(), PRESETS["flappyjournal"])
    given = {"newer": [], "review": story.at(0), "held": True, **around}
    return "\n".join(lines(step, found, looked, Around(**given)))


def test_they_are_due_after_an_hour_a_day_and_a_week() -> None:
    due = FollowUps().due(ENDED)
    assert {step: at - ENDED for step, at in due.items()} == {
        Step.STABILITY: timedelta(hours=1),
        Step.POST_MORTEM: timedelta(days=1),
        Step.REDEPLOYMENT: timedelta(weeks=1),
    }
    assert review(ENDED, FollowUps()) - ENDED == timedelta(weeks=1)
    assert key(Step.POST_MORTEM, "one") == "follow-up-post-mortem-one"


def test_a_policy_changes_the_times_or_turns_them_off() -> None:
    assert FollowUps(stability_s=60).due(ENDED)[Step.STABILITY] == ENDED + timedelta(minutes=1)
    assert FollowUps(enabled=False).due(ENDED) == {}
    assert review(ENDED, FollowUps(enabled=False)) == ENDED + timedelta(weeks=1)


def test_the_journal_says_which_are_to_come() -> None:
    assert follow_ups(story.automatic()[1]) == []
    due = {step: at.isoformat() for step, at in FollowUps().due(ENDED).items()}
    rows = story.entries(
        [(11, Happened.FOLLOW_UPS, {"due": due}), (20, Happened.FOLLOWED_UP, {"step": "stability"})]
    )
    assert [(row.step, row.told_at) for row in follow_ups(rows)] == [
        (Step.STABILITY, story.at(20)), (Step.POST_MORTEM, None), (Step.REDEPLOYMENT, None),
    ]  # fmt: skip


def test_one_that_was_off_by_then_is_not_due_for_ever() -> None:
    due = {Step.STABILITY: FollowUps().due(ENDED)[Step.STABILITY].isoformat()}
    off = {"step": "stability", "channels": [], "open": [], "off": True}
    rows = story.entries([(11, Happened.FOLLOW_UPS, {"due": due}), (20, Happened.FOLLOWED_UP, off)])
    [row] = follow_ups(rows)
    assert (row.told_at, row.off) == (story.at(20), True)
    said = SAY[Happened.FOLLOWED_UP](off)
    assert said == "follow-up stability was told to nobody: follow-ups were turned off by then"


def test_after_an_hour_users_and_what_is_open_are_told() -> None:
    text = said(Step.STABILITY)
    assert "v0.9-backup serves from blue" in text
    assert "users are well: health" in text
    assert "open: Fix plan created" in text
    assert "not known: Database accessible" in text
    assert f"`backout incidents tick {story.INCIDENT} database|" in text


def test_what_is_not_well_is_said_and_no_data_is_not_well() -> None:
    away = Finding(name="auth", on="router", verdict=Verdict.NO_DATA, said="timed out")
    text = said(Step.STABILITY, Looked(findings=[story.finding("health", "router", ok=False), away]))
    assert "health on router: bad: http 503" in text
    assert "auth on router: no data: timed out" in text
    assert "which slot has the traffic cannot be told" in text
    assert "users are well" not in text


def test_after_a_day_the_post_mortem_is_due() -> None:
    text = said(Step.POST_MORTEM, files={"draft": "/evidence/post-mortem.md"})
    assert "nobody filled in yet: users affected, services" in text
    assert "draft: /evidence/post-mortem.md" in text
    assert "the runbook is due for review on 2026-11-22" in text


def test_after_a_week_the_redeployment_checklist_is_told() -> None:
    text = said(Step.REDEPLOYMENT)
    assert [row.text in text for row in REDEPLOYMENT] == [True] * 7
    assert "`backout quarantine lift flappyjournal/production v1.0-full-tech`" in text
    assert "the runbook's review is due: 2026-11-22" in text
    assert "is not in quarantine" in said(Step.REDEPLOYMENT, held=False)


def test_a_release_that_was_lifted_is_not_asked_about_again() -> None:
    lift = Lift(application="a/b", release="2", incident="i", by="ann@host", answers={}, at=story.at(0))
    text = said(Step.REDEPLOYMENT, held=False, lifted=lift)
    assert "was taken out of quarantine by ann@host on 2026-11-22" in text
    assert REDEPLOYMENT[0].text not in text


@pytest.mark.parametrize("step", Step)
def test_a_newer_incident_cancels_nothing_and_is_named(step: Step) -> None:
    newer = story.automatic()[0].model_copy(update={"id": "newer", "outcome": Outcome.WENT_BACK})
    assert "a newer incident: newer (went back)" in said(step, newer=[newer])


def test_the_draft_has_timeline_decision_and_samples() -> None:
    incident, journal = story.consented()
    text = post_mortem(gather(incident, journal, PRESETS["flappyjournal"]), story.at(0))
    for part in (
        "# Post-Mortem (draft)",
        "| 03:15:03",
        "### Decision",
        "| jane | approve |",
        "http 200",
        "2026-11-22",
    ):
        assert part in text
    assert '**OPEN** (`--set root_cause="..."`)' in text
