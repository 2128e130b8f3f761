"""Gates of a deploy: where they are, what is asked there, and whether a run stands at one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.deploy_settings import Deploy
from domain.consent import Answer, Approval
from domain.gate import analysed, asked_about, at_gate, question, steps_left, waits_at
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.policy import AtDeadline, Consent
from domain.replay.consenting import consent
from domain.report.record import Record
from domain.report.waiting import questions
from domain.request import Request
from domain.rollout import Gate, gates_of, keeper
from tests.domain.replay.test_replay import KEY
from tests.domain.test_assess_deploy import decided

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HALF = Gate(share=50, said="0 of 40 requests failed", at=NOON)
ASKED = (Happened.CONSENT_ASKED, {"gate": HALF.model_dump(mode="json")})
SHIFTS = (Happened.ACT_STARTED, {"act": "shift traffic"})


def journal(*rows: tuple[Happened, dict[str, Any]]) -> list[Entry]:
    return [
        Entry(incident="one", seq=seq, at=NOON, kind=kind, data=data)
        for seq, (kind, data) in enumerate(rows, 1)
    ]


@pytest.mark.parametrize(
    ("wanted", "steps", "gates"),
    [
        ([25, 50], [10, 25, 50, 100], [25, 50]),
        ([25], [10, 30, 50, 100], [30]),
        ([50], [100], []),
        ([], [10, 100], []),
    ],
)
def test_a_gate_is_after_the_first_step_that_gives_so_much(
    wanted: list[int], steps: list[int], gates: list[int]
) -> None:
    assert gates_of(wanted, steps) == gates


def test_a_gate_asks_somebody_and_silence_never_gives_more() -> None:
    asks = keeper(Consent(people=0, when_automatic=False, at_deadline=AtDeadline.APPROVE, approvers=["lead"]))
    assert (asks.people, asks.when_automatic, asks.at_deadline) == (1, True, AtDeadline.REJECT)
    assert asks.approvers == ["lead"]
    assert keeper(Consent(people=2, at_deadline=AtDeadline.ESCALATE)).at_deadline is AtDeadline.ESCALATE


def test_each_question_is_a_plan_of_its_own() -> None:
    plan = decided(gates=[10, 50])
    assert plan.consent is None
    assert "a person is asked at 10 %, 50 %, before more traffic follows" in plan.why
    early = HALF.model_copy(update={"share": 10})
    asked = [at_gate(plan, early), at_gate(plan, HALF)]
    assert len({plan.digest(), *(one.digest() for one in asked)}) == 3
    assert [question(one) for one in asked] == ["gate 10", "gate 50"]
    assert asked[1].why[:2] == [
        "9.0 was given 50 % and analysed: 0 of 40 requests failed",
        "with a yes it gets 100 %",
    ]
    assert asked[1].acts == ["shift traffic", "verify", "watch", "report", "soak"]
    assert asked_about(plan, journal((Happened.CONSENT_ASKED, {}))) == plan
    assert asked_about(plan, journal((Happened.CONSENT_ASKED, {}), ASKED)) == asked[1]


def test_where_the_router_gives_all_at_once_the_yes_is_asked_for_before() -> None:
    plan = decided(steps=[100], gates=[50])
    assert plan.consent is not None
    assert plan.consent.people == 1
    assert (plan.rollout.gates if plan.rollout else None) == []
    assert "all traffic goes at once here: the yes of a gate is asked for before the deploy" in plan.why


@pytest.mark.parametrize(
    ("rows", "stands"),
    [
        ([SHIFTS, ASKED], True),
        ([SHIFTS, (Happened.CONSENT_ASKED, {})], False),
        ([SHIFTS, ASKED, (Happened.TAKEN_OVER, {}), (Happened.ANSWERED, {})], True),
        ([SHIFTS, ASKED, (Happened.RESUMED, {})], False),
        ([SHIFTS, ASKED, SHIFTS], False),
        ([SHIFTS, ASKED, (Happened.WENT_BACK, {})], False),
        ([SHIFTS], False),
    ],
)
def test_a_run_stands_at_a_gate_until_it_went_on_or_back(
    rows: list[tuple[Happened, dict[str, Any]]], stands: bool
) -> None:
    assert (waits_at(journal(*rows)) is not None) is stands


def test_from_a_gate_only_the_rest_is_left() -> None:
    plan = decided(gates=[50])
    assert [(step.share, step.given) for step in steps_left(plan, journal(SHIFTS, ASKED))] == [
        (50, True),
        (100, False),
    ]
    assert [step.share for step in steps_left(plan, journal(SHIFTS))] == [10, 25, 50, 100]


def test_what_the_last_analysis_of_the_share_saw_is_asked_with() -> None:
    rows = [(share, said) for share, said in ((10, "early"), (50, "first"), (50, "0 of 40 requests failed"))]
    judged = journal(*((Happened.JUDGED, {"share": share, "said": said}) for share, said in rows))
    assert analysed(judged, 50) == HALF


@pytest.mark.parametrize("gates", [[20], [100], [0]])
def test_a_gate_is_one_of_the_steps_below_all(gates: list[int]) -> None:
    with pytest.raises(ValidationError, match="is none of the steps below 100"):
        Deploy(steps=[10, 50, 100], gates=gates)
    assert Deploy(steps=[10, 50, 100], gates=[50]).gates == [50]


@pytest.mark.parametrize(
    ("answer", "last", "same"),
    [
        (Answer.APPROVE, (Happened.RESUMED, {"gate": 50}), True),
        (Answer.REJECT, (Happened.GATE_CLOSED, {"share": 50, "ruling": "rejected", "why": "no"}), True),
        (Answer.APPROVE, (Happened.GATE_CLOSED, {"share": 50, "ruling": "rejected", "why": "no"}), False),
    ],
)
def test_the_answer_at_a_gate_is_counted_again(
    answer: Answer, last: tuple[Happened, dict[str, Any]], same: bool
) -> None:
    """The yes to the deploy itself, before it, is none at the gate."""
    plan = decided(gates=[50], consent=Consent(people=1))
    until = {"deadline": (NOON + timedelta(minutes=5)).isoformat(), "requester": "ann"}
    record = Record(
        journal(
            (Happened.CONSENT_ASKED, until), _said(plan, Answer.APPROVE), (Happened.RESUMED, {}), SHIFTS,
            (Happened.CONSENT_ASKED, {**ASKED[1], **until}), _said(at_gate(plan, HALF), answer), last,
        )
    )  # fmt: skip
    request = Request(application=plan.application, by="ann")
    incident = Incident(id="one", application=plan.application, request=request, plan=plan, closed_at=NOON)
    [found] = consent(incident, record, plan, KEY)
    assert found.same is same
    assert [row.gate for row in questions(record)] == [None, HALF]


def _said(plan: Plan, answer: Answer) -> tuple[Happened, dict[str, Any]]:
    row = Approval(
        incident="one", plan=plan.digest(), answer=answer, person="bob", via="cli", proven=True, at=NOON
    )
    return Happened.ANSWERED, {"approval": row.signed(KEY).model_dump(mode="json")}
