"""What people are told of a restart: no release moves, and no message says so."""

from typing import Any

import pytest

from domain.message import Message, Moment, Stage
from domain.messages import message
from domain.outcomes import ENDS, Outcome
from domain.plan import Decision
from domain.request import RESTART
from tests.domain.report import story


def told(moment: Moment, outcome: Outcome | None = None, layout: str = "noteshub") -> Message:
    incident, _entries = story.consented()
    assert incident.plan is not None
    plan = incident.plan.model_copy(
        update={
            "decision": Decision.RESTART,
            "to_slot": incident.plan.from_slot,
            "to_release": incident.plan.from_release,
        }
    )
    request = incident.request.model_copy(update={"runbook": RESTART})
    changed: dict[str, Any] = {"plan": plan, "request": request, "outcome": outcome}
    return message(moment, incident.model_copy(update=changed), plan, layout=layout)


@pytest.mark.parametrize("moment", [one for one in Moment if one is not Moment.SWITCHED])
def test_no_message_of_a_restart_speaks_of_a_rollback_or_of_another_release(moment: Moment) -> None:
    said = told(
        moment, Outcome.RESTARTED if moment in (Moment.ENDED, Moment.WATCHED, Moment.ESCALATED) else None
    )
    assert "→" not in said.title + said.text
    assert "old release" not in said.text
    assert "rollback" not in said.title.lower()


@pytest.mark.parametrize(
    ("outcome", "title", "stage"),
    [
        (Outcome.RESTARTED, "✅ RESTARTED: flappyjournal/production runs v1.0-full-tech", Stage.MONITORING),
        (Outcome.RESTART_FAILED, "⚠️ RESTART FAILED: flappyjournal/production", Stage.IDENTIFIED),
        (Outcome.HELD, "⚠️ RESTART HELD: flappyjournal/production", Stage.IDENTIFIED),
    ],
)
def test_how_it_ended(outcome: Outcome, title: str, stage: Stage) -> None:
    ended = told(Moment.ENDED, outcome)
    assert (ended.title, ended.stage) == (title, stage)
    assert ENDS[outcome].words in ended.text


def test_the_public_is_told_of_no_other_version() -> None:
    assert (
        told(Moment.ENDED, Outcome.RESTARTED).public
        == "Our service was restarted. We watch that it stays well."
    )
