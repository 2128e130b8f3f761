import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from domain.message import Message, Moment
from domain.messages import message
from domain.outcomes import ENDS, Outcome
from domain.presets import PRESETS
from domain.report.facts import gather
from domain.severity import Severity
from tests.domain.report import story

CONTACTS = [("On-call engineer", "+1 555 0100"), ("DevOps lead", "@devops"), ("CTO", "cto@example.org")]
FIELDS = {
    Moment.STARTED: [
        "**Version**: v1.0-full-tech → v0.9-backup", "**Reason**", "**Status**", "**ETA**", "**Initiated by**: sam",
        "**Affected services**", "**Expected downtime**", "**Impact**", "about 120 users",
    ],
    Moment.ASKED: [
        "Why: ", "**Severity**: high", "**Answer until**: 2026-11-22 03:20:04 UTC", "without an answer: reject",
        f"`backout approve {story.INCIDENT}`", f"`backout reject {story.INCIDENT}`", "**People needed**: 1",
    ],
    Moment.CONSENTED: ["**Status**: consent is given", "**Version**: v1.0-full-tech → v0.9-backup", "**ETA**"],
    Moment.UPDATE: ["**Step**", "**Status**", "**ETA for resolution**", "**Open for**", "**Version**"],
    Moment.SWITCHED: [
        "**Environment**: production, GREEN → BLUE", "**Reason**", "**Impact**", "**ETA for resolution**",
        "**Status**: traffic is on the old release; monitoring recovery",
    ],
    Moment.ENDED: [
        "**Status**: traffic is on the old release and verified", "**Rollback time**: 3 min 24 s, of which 3 min 8 s waiting",
        "**Current version**: v0.9-backup", "**Impact**", "**Root cause**: under investigation", "**Prevention**",
        "**Next steps**", "**Environment**", "**Cost of the switch**: about 2 kept-alive connections",
    ],
    Moment.WATCHED: ["rolled back to v0.9-backup", "**Status**: not stable"],
    Moment.ESCALATED: ["1. On-call engineer: +1 555 0100", "2. DevOps lead: @devops", "3. CTO: cto@example.org"],
    Moment.FOLLOW_UP: ["**Version**: v0.9-backup since the incident", "**Reason**", "**Environment**"],
}  # fmt: skip
TITLES = {
    Moment.STARTED: "ROLLBACK IN PROGRESS",
    Moment.ASKED: "CONSENT NEEDED",
    Moment.CONSENTED: "CONSENT GIVEN",
    Moment.UPDATE: "UPDATE",
    Moment.SWITCHED: "DEPLOYMENT ROLLBACK EXECUTED",
    Moment.ENDED: "ROLLBACK COMPLETED",
    Moment.WATCHED: "TROUBLE AFTER THE ROLLBACK",
    Moment.ESCALATED: "HELP NEEDED",
    Moment.FOLLOW_UP: "FOLLOW-UP",
}
LATE = {Moment.ENDED, Moment.WATCHED, Moment.ESCALATED, Moment.FOLLOW_UP}


def said(moment: Moment, case: story.Case | None = None, **over: Any) -> Message:
    incident, entries = case or story.consented()
    found = gather(incident, entries, PRESETS["flappyjournal"])
    if moment not in LATE:
        incident = incident.model_copy(update={"outcome": None})
    options: dict[str, Any] = {
        "facts": found if moment in LATE else None,
        "contacts": CONTACTS,
        "head": "abc",
    }
    return message(moment, incident, incident.plan, **(options | over))


@pytest.mark.parametrize("moment", Moment)
def test_each_moment_has_the_fields_of_the_runbooks_templates(moment: Moment) -> None:
    text = said(moment).text
    assert [field for field in FIELDS[moment] if field not in text] == []


@pytest.mark.parametrize("moment", Moment)
def test_each_moment_has_one_line_of_title_and_names_its_incident(moment: Moment) -> None:
    told = said(moment)
    assert TITLES[moment] in told.title
    assert "flappyjournal/production" in told.title
    assert "\n" not in told.title
    assert story.INCIDENT in told.text
    assert (told.moment, told.severity, told.head) == (moment, Severity.HIGH, "abc")


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_says_its_words_and_its_next_step(outcome: Outcome) -> None:
    incident, _ = story.consented()
    told = message(Moment.ENDED, incident.model_copy(update={"outcome": outcome}), incident.plan)
    assert ENDS[outcome].words in told.text
    assert ENDS[outcome].next_step.split("`")[0] in told.text
    assert ("ROLLBACK COMPLETED" in told.title) is (outcome is Outcome.ROLLED_BACK)


@pytest.mark.parametrize("moment", [Moment.ENDED, Moment.ESCALATED])
def test_the_next_step_can_be_pasted(moment: Moment) -> None:
    text = said(moment).text
    assert "`backout quarantine lift flappyjournal/production v1.0-full-tech`" in text
    assert "\\`" not in text


def test_what_an_error_calls_a_command_is_shown_as_one() -> None:
    text = said(Moment.ESCALATED, said=["it is gone: `backout apply x`", "a lone ` stays"]).text
    assert "it is gone: `backout apply x`" in text
    assert "a lone \\` stays" in text


def test_no_two_moments_share_a_key() -> None:
    assert len({said(moment).key for moment in Moment}) == len(Moment)


def test_the_same_moment_said_again_has_the_same_key() -> None:
    assert said(Moment.STARTED).key == said(Moment.STARTED, head="def", said=["again"]).key


def test_the_error_reaches_whoever_is_called() -> None:
    assert (
        "**Error**: verify: slot blue does not pass: health" in said(Moment.ESCALATED, story.went_back()).text
    )


def test_trouble_found_by_the_watch_is_not_told_as_a_success() -> None:
    told = said(Moment.ESCALATED, said=["health is bad"])
    assert told.title.endswith("trouble after the rollback; nothing is switched by itself")
    assert "health is bad" in told.text


def test_an_escalation_without_contacts_says_so() -> None:
    assert "none are configured" in said(Moment.ESCALATED, contacts=[]).text


def test_a_watch_that_ended_well_says_stable() -> None:
    incident, entries = story.consented()
    found = gather(incident, entries, PRESETS["flappyjournal"]).model_copy(update={"watch_ok": True})
    told = said(Moment.WATCHED, facts=found)
    assert "STABLE" in told.title
    assert "**Status**: stable" in told.text


def test_a_blind_plan_says_what_it_does_not_know() -> None:
    incident, entries = story.consented()
    blind = incident.model_copy(
        update={"plan": story.plan(blind=True, at_risk=["sessions end"], proposal="a hotfix")}
    )
    text = said(Moment.ASKED, (blind, entries)).text
    assert "Blind: " in text
    assert "At risk: sessions end" in text
    assert "a hotfix" in text
    assert "there is no standby" in said(Moment.STARTED, (blind, entries)).text


@pytest.mark.parametrize("moment", Moment)
def test_a_message_can_be_made_before_there_is_a_plan(moment: Moment) -> None:
    incident, _ = story.held()
    told = message(moment, incident.model_copy(update={"plan": None, "outcome": None}), None)
    assert told.severity is Severity.HIGH
    assert "None" not in told.text


def test_the_time_it_takes_is_learnt_from_past_ones() -> None:
    incident, entries = story.consented()
    learnt = incident.model_copy(update={"plan": story.plan(eta_s=42.0)})
    assert "**ETA**: 42.0 s (median of past rollbacks)" in said(Moment.STARTED, (learnt, entries)).text


@pytest.mark.parametrize("moment", Moment)
def test_text_from_an_alert_does_nothing(moment: Moment) -> None:
    evil = "<img src=x> [x](https://evil.example)\n# big {{ 7*7 }}"
    incident, entries = story.went_back()
    hostile = incident.model_copy(
        update={"request": story.request(reason=evil, impact=evil, by=evil), "plan": story.plan(why=[evil])}
    )
    told = said(
        moment, (hostile, entries), said=[evil], contacts=[(evil, evil)], link="http://127.0.0.1/> <b>"
    )
    page = MarkdownIt("commonmark").render(told.text)
    assert not re.search(r"<(img|h1|b)\b", page)
    assert 'href="https://evil' not in page
    assert "49" not in told.text


def test_an_environment_whose_slots_are_its_releases_is_told_without_them() -> None:
    incident, _ = story.consented()
    assert incident.plan is not None
    slots = {"from_slot": incident.plan.from_release, "to_slot": incident.plan.to_release}
    plan = incident.plan.model_copy(update=slots)
    told = message(Moment.SWITCHED, incident.model_copy(update={"outcome": None}), plan)
    assert "**Environment**: production\n" in told.text
