"""What a report and its messages must not claim where nothing was moved, or where traffic is elsewhere now."""

import pytest

from domain.consent import Answer
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.messages import message
from domain.outcomes import Outcome
from domain.policy import Consent
from domain.presets import PRESETS
from domain.report.facts import gather
from domain.report.render import LAYOUTS, render
from domain.severity import Severity
from tests.domain.report import story
from tests.domain.report.gathered import facts, more


def rejected(reason: str = "the database is the cause") -> story.Case:
    """A person said no; the report is an act of the plan too."""
    asked = story.request(detection=[], at=story.at(0), by="sam", via="cli")
    decided = story.plan(severity=Severity.HIGH, consent=Consent(people=1, deadline_s=300), deadline_s=300)
    seconds, kind, data = story.answer(30.0, Answer.REJECT, "bob", "ui")
    steps = [
        *story.opening(asked, decided, 0.4, 1.6),
        (1.8, Happened.CONSENT_ASKED, {"deadline": story.at(301.8).isoformat(), "plan": "digest"}),
        (seconds, kind, {"approval": {**data["approval"], "reason": reason}}),
        *story.act("report", 31.0, 31.2),
        (31.5, Happened.CLOSED, {"outcome": "rejected"}),
    ]
    ended = story.incident(asked, decided, Outcome.REJECTED, 0.4, closed_at=story.at(31.5))
    return ended, story.entries(steps)


def held() -> story.Case:
    return more(story.held(), *story.act("report", 3.1, 3.2))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", [rejected(), held()], ids=["rejected", "held"])
def test_where_nothing_was_moved_no_rollback_is_said_to_have_begun(layout: str, case: story.Case) -> None:
    text = render(facts(case), layout)  # type: ignore[arg-type]
    assert facts(case).times.initiated is None
    for claim in (
        "UTC: Rollback initiated",
        "UTC - Rollback initiated",
        "Decision made to rollback",
        "**Rolled back",
    ):
        assert claim not in text


def test_the_decision_is_said_as_it_fell() -> None:
    assert "2026-11-22 03:15:32 UTC: Decided against the rollback" in render(
        facts(rejected()), "flappyjournal"
    )
    assert "UTC: Decided: hold" in render(facts(held()), "flappyjournal")
    assert "- **Serves on**: v1.0-full-tech" in render(facts(rejected()), "aldeia")
    assert "- **Planned target**: v0.9-backup" in render(facts(rejected()), "aldeia")


def test_a_no_without_a_reason_is_said_as_that() -> None:
    text = render(facts(rejected(reason="")), "flappyjournal")
    assert "bob said reject (ui), and no reason" in text
    assert "| bob | reject |" in text
    assert "| none given |" in text


def _watched(incident: Incident, entries: list[Entry], moment: Moment) -> str:
    found = gather(incident, entries, PRESETS["flappyjournal"])
    told = message(
        moment, incident, incident.plan, facts=found, said=["traffic is on green now, no longer on blue"]
    )
    return f"{told.title}\n{told.text}"


@pytest.mark.parametrize("moment", [Moment.ESCALATED, Moment.WATCHED])
def test_where_a_person_moved_traffic_nothing_is_claimed_of_what_serves(moment: Moment) -> None:
    ended = {"ok": False, "why": "traffic is on green now, no longer on blue"}
    incident, entries = more(story.automatic(), (60.0, Happened.WATCH_ENDED, ended))
    text = _watched(incident, entries, moment)
    assert "traffic is on green now" in text
    for claim in ("stays on the old release", "now running v0.9-backup", "traffic stays where it is"):
        assert claim not in text
