"""Requests, plans and approvals as the ledgers' tests need them."""

from datetime import UTC, datetime
from typing import Any

from domain.consent import Answer, Approval
from domain.plan import Decision, Plan
from domain.release import Release
from domain.request import Kind, Request
from domain.severity import Severity

APPLICATION = "shop/production"


def request(kind: Kind = Kind.ROLLBACK, **fields: Any) -> Request:
    return Request(application=APPLICATION, kind=kind, reason="checkout is broken", by="ann", **fields)


def plan(to: str = "1.0") -> Plan:
    return Plan(
        application=APPLICATION,
        decision=Decision.ROLL_BACK,
        severity=Severity.CRITICAL,
        from_release="2.0",
        from_slot="green",
        to_release=to,
        to_slot="blue",
        made_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


def release(version: str, **fields: Any) -> Release:
    return Release(application=APPLICATION, version=version, **fields)


def approval(incident: str, person: str, answer: Answer = Answer.APPROVE) -> Approval:
    unsigned = Approval(
        incident=incident, plan=plan().digest(), answer=answer, person=person, via="cli", proven=True
    )
    return unsigned.signed(b"key")
