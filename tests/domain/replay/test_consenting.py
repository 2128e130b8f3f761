"""Decided again where no answer of people was the end: cancelled, gone before, or too late; and who ended it."""

from datetime import timedelta

import pytest

from domain.assess_database import decide
from domain.consent import Answer, Approval
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.policy import Consent
from domain.replay.consenting import consent
from domain.report.record import Record
from tests.domain.replay.test_replay import INCIDENT, KEY, Kinds, planned, replayed
from tests.domain.test_assess import APPLICATION, NOON, situation


@pytest.mark.parametrize(
    ("outcome", "answers", "closed_s", "same", "why"),
    [
        (Outcome.REJECTED, [], 60, None, "the run was cancelled; nobody had said no"),
        (Outcome.REJECTED, ["jane"], 60, None, "the run was cancelled; nobody had said no"),
        (Outcome.SUPERSEDED, [], 60, None, "it ended as superseded while people were asked"),
        (Outcome.EXPIRED, [], 301, True, ""),
        (Outcome.EXPIRED, [], 60, False, "the record leads to: open"),
        (Outcome.EXPIRED, ["ann", "jane"], 301, True, ""),
    ],
)
def test_a_request_that_no_answer_ended_says_what_did(
    outcome: Outcome, answers: list[str], closed_s: int, same: bool | None, why: str
) -> None:
    """Two are asked; Ann, who asked for it as `ann@host`, is not one of them."""
    given = situation(issue="performance-degradation", by="a.smith@host")
    two = decide(given).model_copy(update={"consent": Consent(people=2)})
    said = [
        Approval(incident=INCIDENT, plan=two.digest(), answer=Answer.APPROVE, person=person, via="cli", proven=True, at=NOON)
        for person in answers
    ]  # fmt: skip
    incident = Incident(
        id=INCIDENT, application=APPLICATION, request=given.request, plan=two, outcome=outcome,
        closed_at=NOON + timedelta(seconds=closed_s),
    )  # fmt: skip
    rows: Kinds = [
        (
            Happened.CONSENT_ASKED,
            {"deadline": (NOON + timedelta(seconds=300)).isoformat(), "requester": "ann"},
        ),
        *((Happened.ANSWERED, {"approval": one.signed(KEY).model_dump(mode="json")}) for one in said),
    ]
    entries = [
        Entry(incident=INCIDENT, seq=seq, at=NOON, kind=kind, data=data)
        for seq, (kind, data) in enumerate(rows, 1)
    ]
    [found] = consent(incident, Record(entries), two, KEY)
    assert (found.same, found.why) == (same, why)


def test_who_closed_a_request_that_gave_way_is_said() -> None:
    given = situation()
    closed = (Happened.CLOSED, {"outcome": "superseded", "why": "service-outage went before it: incident-2"})
    found = replayed(given, planned(given, decide(given)), closed, outcome=Outcome.SUPERSEDED)
    assert found.ended_because == "service-outage went before it: incident-2"
    assert found.started_by == "rollback, asked for by sam (cli)"
