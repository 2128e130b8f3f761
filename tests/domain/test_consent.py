from datetime import UTC, datetime, timedelta

import pytest

from domain.consent import Answer, Approval, Ruling, ruling
from domain.plan import Decision, Plan
from domain.policy import AtDeadline, Consent
from domain.severity import Severity

KEY = b"k" * 32
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONE, TWO = Consent(people=1), Consent(people=2)


def plan(consent: Consent | None) -> Plan:
    return Plan(
        application="shop/production",
        decision=Decision.ROLL_BACK,
        severity=Severity.HIGH,
        consent=consent,
        made_at=NOON,
    )


def answer(
    person: str,
    said: Answer = Answer.APPROVE,
    *,
    to: Plan,
    via: str = "cli",
    proven: bool = True,
    after: float = 1,
) -> Approval:
    at = NOON + timedelta(seconds=after)
    given = Approval(
        incident="one",
        plan=to.digest(),
        answer=said,
        person=person,
        via=via,
        proven=proven,
        reason="because",
        at=at,
    )
    return given.signed(KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"incident": "two"},
        {"plan": "another"},
        {"answer": Answer.REJECT},
        {"person": "eve"},
        {"via": "ui"},
        {"proven": False},
        {"reason": "another"},
        {"at": NOON},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_signature_covers_every_field(change: dict[str, object]) -> None:
    signed = answer("jane", to=plan(ONE))
    assert signed.valid(KEY)
    assert not signed.model_copy(update=change).valid(KEY)
    assert not signed.valid(b"x" * 32)


def test_a_signature_holds_after_it_was_stored() -> None:
    signed = answer("jane", to=plan(ONE))
    assert Approval.model_validate_json(signed.model_dump_json()).valid(KEY)


def test_nobody_asked_is_a_yes() -> None:
    assert ruling(plan(None), [], KEY) is Ruling.APPROVED


def test_nobody_answered_is_open() -> None:
    assert ruling(plan(ONE), [], KEY) is Ruling.OPEN


def test_one_yes_is_enough_where_one_is_asked() -> None:
    asked = plan(ONE)
    assert ruling(asked, [answer("jane", to=asked)], KEY, requester="jane") is Ruling.APPROVED


def test_a_yes_to_another_plan_or_with_another_key_counts_for_nothing() -> None:
    asked = plan(ONE)
    other = answer("jane", to=plan(TWO))
    forged = answer("jane", to=asked).model_copy(update={"signature": "1" * 64})
    assert ruling(asked, [other, forged], KEY) is Ruling.OPEN


def test_a_name_typed_into_a_form_counts_only_where_one_is_asked_and_policy_believes_it() -> None:
    for consent, expected in [
        (ONE, Ruling.APPROVED),
        (Consent(people=1, self_declared=False), Ruling.OPEN),
        (TWO, Ruling.OPEN),
    ]:
        asked = plan(consent)
        typed = [answer(name, to=asked, via="ui", proven=False) for name in ("jane", "joe")]
        assert ruling(asked, typed, KEY) is expected


def test_two_are_two_people_and_none_of_them_asked_for_it() -> None:
    asked = plan(TWO)
    jane, joe, sam = (answer(name, to=asked) for name in ("jane", "joe", "sam"))
    assert ruling(asked, [jane, jane], KEY, requester="sam") is Ruling.OPEN
    assert ruling(asked, [jane, sam], KEY, requester="sam") is Ruling.OPEN
    assert ruling(asked, [jane, joe], KEY, requester="sam") is Ruling.APPROVED


@pytest.mark.parametrize("order", [1, -1])
def test_a_single_no_beats_every_yes(order: int) -> None:
    asked = plan(ONE)
    answers = [answer("jane", to=asked), answer("joe", Answer.REJECT, to=asked)]
    assert ruling(asked, answers[::order], KEY) is Ruling.REJECTED


def test_a_deadline_ends_the_asking() -> None:
    asked = plan(ONE)
    closed = answer("", Answer.REJECT, to=asked, via="deadline", after=300)
    assert ruling(asked, [closed], KEY) is Ruling.EXPIRED
    assert ruling(asked, [closed, answer("jane", to=asked, after=301)], KEY) is Ruling.EXPIRED
    assert ruling(asked, [closed, answer("jane", to=asked, after=299)], KEY) is Ruling.APPROVED


def test_a_deadline_approves_only_where_policy_says_so() -> None:
    for at_deadline, expected in [(AtDeadline.APPROVE, Ruling.APPROVED), (AtDeadline.REJECT, Ruling.EXPIRED)]:
        asked = plan(Consent(people=1, at_deadline=at_deadline))
        assert ruling(asked, [answer("", to=asked, via="deadline", after=300)], KEY) is expected


def test_what_is_said_after_the_deadline_counts_for_nothing_whether_or_not_it_was_noted() -> None:
    asked, end = plan(ONE), NOON + timedelta(seconds=300)
    late = [answer("jane", to=asked, after=301), answer("joe", Answer.REJECT, to=asked, after=302)]
    assert ruling(asked, late, KEY, deadline=end) is Ruling.OPEN
    assert ruling(asked, [answer("jane", to=asked, after=300)], KEY, deadline=end) is Ruling.APPROVED
