from datetime import UTC, datetime
from typing import Any

import pytest

from domain.incident import TOLD_BY_PEOPLE, Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.policy import Span
from domain.presets import PRESETS
from domain.report.facts import Facts, gather
from tests.domain.report import story
from tests.domain.report.gathered import facts, more

NOTESHUB = PRESETS["noteshub"]


def promised(found: Facts) -> dict[str, tuple[Any, bool | None]]:
    return {row.name: (row.took_s, row.met) for row in found.promises}


def test_the_moments_of_an_automatic_rollback() -> None:
    times = facts(story.automatic()).times
    assert times.detected == story.at(0)
    assert (times.asked, times.opened) == (story.at(2.1), story.at(2.3))
    assert times.decided == story.at(2.9)
    assert times.initiated == story.at(3.05)
    assert times.switched == story.at(3.54)
    assert times.verified == story.at(4.59)
    assert times.told == story.at(3.05)
    assert times.waited_s == 0
    assert times.complete_s == pytest.approx(4.59)


def test_time_waiting_for_people_is_told_apart() -> None:
    found = facts(story.consented(answered=190))
    assert found.times.decided == story.at(190)
    assert found.times.waited_s == pytest.approx(188.2)
    assert found.times.complete_s == pytest.approx(203.9)
    assert found.times.seconds(Span.ACT) == pytest.approx(199.25 - 0.4 - 188.2)


def test_the_objective_includes_the_waiting() -> None:
    assert promised(facts(story.consented(answered=190)))["RTO"] == (pytest.approx(203.9), True)
    assert promised(facts(story.consented(answered=290)))["RTO"] == (pytest.approx(303.9), False)


def test_each_budget_times_its_own_span() -> None:
    rows = promised(facts(story.automatic(), "noteshub"))
    assert rows["emergency: act"] == (pytest.approx(3.54 - 2.3), True)
    assert rows["emergency: verify"] == (pytest.approx(1.05), True)
    assert rows["first announcement"] == (pytest.approx(0.75), True)


def test_what_was_not_reached_is_neither_met_nor_missed() -> None:
    assert promised(facts(story.went_back()))["RTO"] == (None, None)
    assert promised(facts(story.held()))["immediate verification"] == (None, None)


def test_checks_stand_before_beside_after() -> None:
    rows = {(row.name, row.on): row for row in facts(story.automatic()).checks}
    health = rows["health", "router"]
    assert health.before is not None
    assert health.after is not None
    assert (health.before.ok, health.after.ok) == (False, True)
    assert rows["websocket", "router"].before is None
    assert rows["health", "green"].after is None


def test_where_there_is_no_plan_the_survey_is_what_was_seen() -> None:
    incident, _ = story.held()
    survey = {
        "application": story.APPLICATION,
        "slots": [],
        "serving": "green",
        "through_router": [story.finding("health", "router", ok=False).model_dump(mode="json")],
        "findings": {"blue": [story.finding("health", "blue").model_dump(mode="json")]},
    }
    entries = story.entries([(1, Happened.SURVEYED, {"survey": survey})])
    found = gather(incident.model_copy(update={"plan": None}), entries, NOTESHUB)
    assert [(row.name, row.on) for row in found.checks] == [("health", "router"), ("health", "blue")]


def test_both_errors_of_a_way_back_are_kept_each_once() -> None:
    stuck = facts(
        more(
            story.went_back(),
            *story.act("go back", 144, 145, "the router does not answer\n  next: try again"),
        )
    )
    assert [row.said for row in stuck.errors] == [
        "slot blue does not pass: health",
        "the router does not answer",
    ]
    found = facts(story.went_back())
    assert [row.where for row in found.errors] == ["verify"]
    assert found.went_back
    assert found.times.verified is None
    assert found.switched


def test_what_was_not_delivered_and_what_it_cost_is_kept() -> None:
    found = facts(story.automatic(cost="3 connections were closed"))
    assert [(row.where, row.said) for row in found.undelivered] == [("slack", "no such channel: #inc|dents")]
    assert found.costs == ["3 connections were closed"]
    assert found.channels == ["logfile"]
    assert found.files == ["green.log", "blue.log", "Caddyfile"]


def test_what_people_told_last_counts_and_the_rest_is_open() -> None:
    case = more(
        story.automatic(told={"root_cause": "unknown", "services": "API"}),
        (9, Happened.TOLD, {"root_cause": "a typo"}),
    )
    found = facts(case)
    assert found.told == {"root_cause": "a typo", "services": "API"}
    assert found.open == [field for field in TOLD_BY_PEOPLE if field not in {"root_cause", "services"}]


def test_what_a_host_journaled_alone_is_told_at_its_own_time() -> None:
    incident, entries = story.automatic()
    alone = [entry for entry in entries if entry.kind not in {"opened", "planned"}]
    kept = [entry for entry in entries if entry.kind in {"opened", "planned"}]
    moved = [
        entry.model_copy(
            update={
                "seq": 100 + entry.seq,
                "at": story.at(900),
                "kind": "reconciled",
                "data": {"from": "local", "entry": entry.model_dump(mode="json")},
            }
        )
        for entry in alone
    ]
    found, whole = facts((incident, [*kept, *moved])), facts((incident, entries))
    assert found.lines == whole.lines
    assert found.times == whole.times


def test_a_later_check_that_fails_takes_the_verification_back() -> None:
    worse = story.looked(7, "blue", [story.finding("health", "router", ok=False)], ok=False)
    assert facts(more(story.automatic(), worse)).times.verified is None


def test_the_watch_is_seen() -> None:
    sample = {
        "findings": [story.finding("health", "router", ok=False, said="http 500").model_dump(mode="json")]
    }
    found = facts(
        more(
            story.automatic(),
            (6, Happened.WATCH_STARTED, {"until": "03:45"}),
            (7, Happened.WATCH_SAMPLE, sample),
            (8, Happened.WATCH_ENDED, {"ok": False, "why": "health is bad"}),
        )
    )
    assert found.watch_ok is False
    assert [row.said for row in found.watched] == ["http 500"]
    assert [line.said for line in found.lines][-3:] == [
        "watching until 03:45",
        "the watch saw health on router: http 500",
        "the watch ended badly: health is bad",
    ]


def test_a_run_that_goes_on_is_not_taken_over_by_itself() -> None:
    again = (4.7, Happened.TAKEN_OVER, {"run": "r1", "token": 2, "again": True})
    other = (4.7, Happened.TAKEN_OVER, {"run": "r2", "token": 3})
    assert facts(more(story.automatic(), again)).lines[-2].said == "run r1 goes on"
    assert facts(more(story.automatic(), other)).lines[-2].said == "taken over by run r2"


def test_times_are_told_as_people_write_them() -> None:
    said = [line.said for line in facts(story.consented()).lines]
    assert "asked for consent until 2026-11-22 03:20:03 UTC" in said
    watching = (9, Happened.WATCH_STARTED, {"until": "2026-11-22T03:45:02.774888+00:00"})
    assert facts(more(story.automatic(), watching)).lines[-1].said == "watching until 2026-11-22 03:45:02 UTC"


def test_the_release_that_failed_has_its_day() -> None:
    assert facts(story.automatic()).deployed_at == story.at(-300)


def test_the_approvals_are_kept() -> None:
    assert [(row.person, row.answer) for row in facts(story.consented()).approvals] == [("jane", "approve")]


@pytest.mark.parametrize("case", [story.automatic, story.consented, story.went_back, story.held])
def test_a_journal_that_ends_anywhere_still_gives_facts(case: Any) -> None:
    incident, entries = case()
    unplanned = incident.model_copy(update={"plan": None, "outcome": None, "closed_at": None})
    for length in range(len(entries) + 1):
        found = gather(unplanned, entries[:length], NOTESHUB)
        assert all(phase.seconds >= 0 for phase in found.phases)
        assert found.times.waited_s >= 0
    assert found.plan == incident.plan
    assert found.outcome == incident.outcome


@pytest.mark.parametrize("kind", Happened)
def test_any_kind_of_entry_can_be_read_even_when_it_is_empty(kind: Happened) -> None:
    incident, _ = story.held()
    bare = Incident(
        id=incident.id, application=incident.application, request=incident.request, opened_at=story.at(0)
    )
    entry = Entry(incident=incident.id, seq=1, at=datetime(2026, 11, 22, 4, tzinfo=UTC), kind=kind)
    assert gather(bare, [entry], NOTESHUB).incident == incident.id


def test_an_entry_of_a_newer_version_says_its_name() -> None:
    incident, _ = story.held()
    entry = Entry(incident=incident.id, seq=1, at=story.at(9), kind="rehearsed", data={"x": 1})
    assert gather(incident, [entry], NOTESHUB).lines[-1].said == "rehearsed"


def test_the_outcome_is_read_from_the_journal_where_the_row_has_none() -> None:
    incident, entries = story.held()
    assert facts((incident.model_copy(update={"outcome": None}), entries)).outcome is Outcome.HELD
