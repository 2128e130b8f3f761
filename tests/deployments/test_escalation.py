"""A request that nobody answers walks the escalation path, and is rejected at its end."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from blocks.installation import Installation
from blocks.store import waiting
from deployments import escalation, overdue
from deployments.escalation import call_next
from domain.consent import Answer
from domain.contacts import Step
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.policy import AtDeadline, Consent
from flows import consent
from tasks.case import Case
from tasks.ended import Ended
from tests.deployments.consent_stage import (
    Planned,
    api,
    ask,
    asked,
    deliver,
    here,
    in_flow,
    planned,
    scene,
    told,
)
from tests.flows.conftest import stage, store_url

__all__ = ["api", "here", "in_flow", "planned", "scene", "stage", "store_url"]

ESCALATES = Consent(people=1, at_deadline=AtDeadline.ESCALATE)


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def steps(*after_s: float) -> list[dict[str, object]]:
    """Calls that were due, or will be, so many seconds from now."""
    return [
        Step(who=f"contact {number}", reach="+49", at=_in(seconds)).model_dump(mode="json")
        for number, seconds in enumerate(after_s)
    ]


def calls(case: Case) -> list[str]:
    return [row.data["who"] for row in case.ledger.entries(case.incident.id) if row.kind == Happened.CALLED]


@pytest.mark.usefixtures("in_flow")
def test_the_request_names_the_path_and_waits_for_its_end(planned: Planned, here: Installation) -> None:
    case = planned(ESCALATES)
    ask(case)
    entry = consent.last_asked(case.ledger, case.incident.id)
    assert entry is not None
    assert [step.who for step in consent.calls_of(entry)] == ["on-call, Ann", "lead, Bob"]
    left = consent.deadline_of(entry) - datetime.now(UTC)
    assert timedelta(seconds=200) < left <= timedelta(seconds=240), "120 s for each of the two"
    request = next(text for text in told(here, case.incident.id) if "If nobody answers" in text)
    assert "lead, Bob is called at" in request


def test_each_contact_is_named_once_when_their_turn_comes(planned: Planned, here: Installation) -> None:
    case = planned(ESCALATES)
    asked(case, _in(60), path=steps(-5, -1, 50))
    for _ in range(2):
        call_next(here)
    assert calls(case) == ["contact 0", "contact 1"]
    said = [text for text in told(here, case.incident.id) if "CALL" in text]
    assert [text.partition(":")[0] for text in said] == ["📞 CALL contact 0", "📞 CALL contact 1"]
    assert f"backout approve {case.incident.id}" in said[0]


def test_a_call_for_a_drill_is_marked_and_goes_to_its_channel(
    planned: Planned, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(ESCALATES)
    asked(case, _in(60), path=steps(-5))
    drilled = case.incident.model_copy(update={"request": case.request.model_copy(update={"drill": "d"})})
    kept = here.store.incident(case.incident.id).model_copy(update={"request": drilled.request})
    monkeypatch.setattr(here.store, "incident", lambda _incident: kept)
    call_next(here)
    assert calls(case) == ["contact 0"]
    [said] = [text for text in told(here, case.incident.id) if "CALL" in text]
    assert said.startswith("DRILL: ")


def test_a_request_that_meets_a_defect_keeps_no_other_call_back(
    planned: Planned, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(ESCALATES)
    asked(case, _in(60), path=steps(-5))
    due, looks = escalation._due, iter([True])

    def spoiled_once(here: Installation, incident: Incident) -> list[Step]:
        if next(looks, False):
            raise IndexError("list index out of range")
        return due(here, incident)

    monkeypatch.setattr(escalation, "_due", spoiled_once)
    monkeypatch.setattr(waiting, "waiting", lambda _database: [case.incident.id] * 2)
    call_next(here)
    assert calls(case) == ["contact 0"]


@pytest.mark.usefixtures("api")
def test_an_answer_ends_the_calls(planned: Planned, here: Installation) -> None:
    case = planned(ESCALATES)
    asked(case, _in(60), path=steps(-5))
    deliver(case)
    call_next(here)
    assert calls(case) == []


@pytest.mark.usefixtures("in_flow")
def test_at_the_end_of_the_path_it_is_rejected(planned: Planned) -> None:
    case = planned(ESCALATES)
    asked(case, datetime.now(UTC) - timedelta(seconds=1), path=steps(-9, -5))
    with pytest.raises(Ended, match="expired"):
        consent.ask(case, case.plan)
    assert [row.answer for row in case.ledger.approvals(case.incident.id)] == [Answer.REJECT]


@pytest.mark.usefixtures("in_flow")
def test_without_escalation_nobody_else_is_called(planned: Planned, here: Installation) -> None:
    case = planned(Consent(people=1))
    ask(case)
    call_next(here)
    assert calls(case) == []


def test_a_call_that_meets_a_defect_keeps_no_request_from_its_end(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Installation] = []

    def call(_here: Installation) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(overdue, "EVERY_S", 0)
    monkeypatch.setattr(overdue, "installation", lambda: nullcontext(here))
    monkeypatch.setattr(overdue, "wake_once", ended.append)
    monkeypatch.setattr(overdue, "call_next", call)
    with pytest.raises(ZeroDivisionError):
        overdue.wake_overdue(Event())
    assert ended == [here]
