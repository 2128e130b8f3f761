"""Approvals: who said yes or no to which plan, signed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.instant import Instant
from domain.plan import Plan
from domain.policy import AtDeadline, Consent

DEADLINE = "deadline"
"""How an answer came that nobody gave."""

NOBODY = "backout"
"""Who fills in the form where a run is only woken: an answer under this name counts for nothing."""


class Answer(StrEnum):
    """What a person can say."""

    APPROVE = "approve"
    REJECT = "reject"
    INSTEAD = "instead"


class Approval(BaseModel):
    """One person's answer, signed over incident, plan, answer, person and time.

    Attributes:
        roles: what `contacts` says that the person is.
        via: how they answered: `cli`, `ui`, `slack`, `deadline`.
        proven: whether the way proves who it was; a name typed into a form does not, a one-time code does.
        accepted_rows: how many rows they typed that they accept to lose.
        instead: what is started in place of the plan, one of its `offers`; empty but for `instead`.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    plan: str
    answer: Answer
    person: str
    roles: list[str] = Field(default_factory=list)
    via: str
    proven: bool
    reason: str = ""
    accepted_rows: int = 0
    instead: str = ""
    at: Instant = Field(default_factory=lambda: datetime.now(UTC))
    signature: str = ""

    def signed(self, key: bytes) -> Approval:
        """The same approval with its signature (HMAC-SHA256, hexadecimal)."""
        return self.model_copy(update={"signature": _sign(self, key)})

    def valid(self, key: bytes) -> bool:
        """Whether the signature is ours."""
        return hmac.compare_digest(_sign(self, key), self.signature)


def _sign(approval: Approval, key: bytes) -> str:
    return hmac.new(key, approval.model_dump_json(exclude={"signature"}).encode(), hashlib.sha256).hexdigest()


class Ruling(StrEnum):
    """Where a request for consent stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    INSTEAD = "superseded"
    EXPIRED = "expired"


def ruling(
    plan: Plan,
    approvals: Iterable[Approval],
    key: bytes,
    requester: str = "",
    deadline: datetime | None = None,
) -> Ruling:
    """Where the request for `plan` stands, by the answers that are valid for exactly this plan.

    A single no rejects, and so does somebody who starts something else instead. Only the policy's approvers answer. Where two people are asked the requester is not one of them. The deadline closes the request: what
    people said before it counts, what they say after it does not: `deadline` where it is known, and the answer that it
    gave itself. None: nobody was asked yet.
    """
    consent = plan.consent
    if consent is None:
        return Ruling.APPROVED
    rows = counted(plan, approvals, key, deadline)
    closed = next((row for row in rows if row.via == DEADLINE), None)
    answers = [row for row in rows if row.via != DEADLINE]
    if any(row.answer is Answer.REJECT for row in answers):
        return Ruling.REJECTED
    if any(row.answer is Answer.INSTEAD for row in answers):
        return Ruling.INSTEAD
    # Who asked is kept as `name@host`, who answers as the name that the kernel gave.
    asked = {requester, requester.partition("@")[0]} if consent.people > 1 else set()
    people = {row.person for row in answers} - asked
    if len(people) >= consent.people:
        return Ruling.APPROVED
    return _by_deadline(closed, consent) if closed else Ruling.OPEN


def counted(
    plan: Plan, approvals: Iterable[Approval], key: bytes, deadline: datetime | None = None
) -> list[Approval]:
    """The answers to exactly this plan that count, in their order; the deadline's own is one of them. As `ruling` takes them."""
    consent = plan.consent
    if consent is None:
        return []
    signed = [row for row in approvals if row.plan == plan.digest() and row.valid(key)]
    closed = next((row.at for row in signed if row.via == DEADLINE), None)
    end = min((one for one in (deadline, closed) if one is not None), default=None)
    return [
        row for row in signed if row.via == DEADLINE or (_counts(row, consent, end) and accepts(row, plan))
    ]


def accepts(row: Approval, plan: Plan) -> bool:
    """Whether the answer is no yes, or a yes to all the rows that the plan loses."""
    return row.answer is not Answer.APPROVE or row.accepted_rows >= plan.confirm_rows


def form_counts(consent: Consent) -> bool:
    """Whether a name typed into a form is an answer."""
    return consent.self_declared and consent.people == 1


def may_answer(consent: Consent, person: str, roles: Iterable[str]) -> bool:
    """Whether this person's answer counts here: anybody's, where the policy names no approvers."""
    return not consent.approvers or bool({person, *roles}.intersection(consent.approvers))


def _counts(row: Approval, consent: Consent, end: datetime | None) -> bool:
    """Whether an answer is a person's who may, believed, and in time."""
    believed = row.proven or form_counts(consent)
    in_time = end is None or row.at <= end
    return believed and in_time and may_answer(consent, row.person, row.roles)


def _by_deadline(closed: Approval, consent: Consent) -> Ruling:
    """A deadline approves only where the policy says so too."""
    approved = closed.answer is Answer.APPROVE and consent.at_deadline is AtDeadline.APPROVE
    return Ruling.APPROVED if approved else Ruling.EXPIRED
