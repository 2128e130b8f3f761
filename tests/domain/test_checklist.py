"""Aldeia's thirteen items: how each is known, and where it stands."""

from typing import Any

from domain.checklist import KEYS, TEXTS, Item, Known, State, items, left, render, table
from domain.findings import Finding
from domain.journal_kinds import Happened
from domain.presets import PRESETS
from domain.report.facts import Facts, gather
from tests.domain.report import story

NOTE = "monday 10:00 <b>"


def facts(*more: story.Step, told: dict[str, str] | None = None) -> Facts:
    incident, journal = story.automatic(told=told)
    added = story.entries([(100.0 + number, kind, data) for number, (_, kind, data) in enumerate(more)])
    later = [row.model_copy(update={"seq": len(journal) + row.seq}) for row in added]
    return gather(incident, [*journal, *later], PRESETS["aldeia"])


def looked(*findings: Finding) -> story.Step:
    rows = [row.model_dump(mode="json") for row in findings]
    return (
        0.0,
        Happened.LOOKED_AFTER,
        {"step": "stability", "findings": rows, "serving": "blue", "release": "1"},
    )


def ticked(key: str) -> story.Step:
    said = {"item": key, "text": TEXTS[key], "by": "ann@host", "note": NOTE}
    return (0.0, Happened.TICKED, said)


def item(found: Facts, key: str) -> Item:
    return next(row for row in items(found) if row.key == key)


def states(found: Facts) -> dict[str, State]:
    return {row.key: row.state for row in items(found)}


def test_there_are_thirteen_in_the_runbooks_order() -> None:
    assert [row.text for row in items(facts())] == list(TEXTS.values())
    assert len(KEYS) == 13
    assert (TEXTS["services"], TEXTS["lessons"]) == (
        "All services running and healthy",
        "Lessons learned documented",
    )


def test_findings_tick_journal_ticks_and_the_rest_is_for_people() -> None:
    found = states(facts())
    assert {key for key, state in found.items() if state is State.TICKED} == {
        "services", "health", "authentication", "documented", "notified",
    }  # fmt: skip
    assert {key for key, state in found.items() if state is State.OPEN} == {
        "root-cause",
        "fix-plan",
        "lessons",
    }
    assert {key for key, state in found.items() if state is State.NOT_KNOWN} == {
        "database", "logs", "resources", "smoke", "alerts",
    }  # fmt: skip
    assert item(facts(), "services").evidence.startswith("health on router: http 200")


def test_what_a_follow_up_saw_is_newer() -> None:
    bad = [story.finding("health", "router", ok=False), story.finding("log", "blue", ok=False)]
    worse = facts(looked(*bad, story.finding("database", "database")))
    assert states(worse) | {"services": State.OPEN, "health": State.OPEN, "logs": State.OPEN} == states(worse)
    assert states(worse)["database"] is State.TICKED
    well = facts(
        looked(*bad), looked(story.finding("health", "router"), story.finding("log", "blue", ok=False))
    )
    assert (states(well)["services"], states(well)["logs"]) == (State.TICKED, State.OPEN)


def test_a_person_ticks_what_was_not_seen_and_only_that() -> None:
    found = facts(ticked("root-cause"), ticked("database"))
    assert states(found)["root-cause"] is states(found)["database"] is State.TICKED
    assert "ann@host" in item(found, "root-cause").evidence
    assert NOTE in item(found, "root-cause").evidence
    contradicted = facts(ticked("health"), looked(story.finding("health", "router", ok=False)))
    assert states(contradicted)["health"] is State.OPEN
    assert not item(contradicted, "health").tickable
    assert not item(facts(), "documented").tickable
    assert item(facts(), "lessons").tickable
    assert item(facts(), "database").tickable


def test_what_people_told_for_the_report_counts_here_too() -> None:
    assert states(facts(told={"lessons": "test it"}))["lessons"] is State.TICKED


def test_it_is_shown_as_the_reports_are() -> None:
    found = facts(ticked("root-cause"))
    text = render(found)
    assert "- [x] Health checks passing (finding): " in text
    assert "- [x] Root cause analysis scheduled (person): ann@host" in text
    assert "- [ ] **OPEN** Fix plan created (person): " in text
    assert "- [ ] **NOT KNOWN** Database accessible (finding): " in text
    assert "6 of 13 ticked" in text
    assert "<b>" not in text
    assert f"`backout incidents tick {story.INCIDENT} ITEM" in text
    rows: list[dict[str, Any]] = table(found)
    assert rows[10]["state"] == "ticked"
    assert {row["known by"] for row in rows} == {str(known) for known in Known}
    assert len(left(items(found))) == 7
