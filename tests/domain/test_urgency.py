"""What goes before a request that waits for people."""

from typing import Any

import pytest

from domain.database.wish import Wish
from domain.policy import Consent
from domain.presets import PRESETS
from domain.request import Kind, Request
from domain.severity import Severity
from domain.urgency import urgent, urgent_issue

POLICY = PRESETS["default"]


def request(**fields: Any) -> Request:
    return Request(application="shop/production", **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"issue": "service-outage"}, True),
        ({"issue": "security-vulnerability"}, True),
        ({"issue": "health-check-failure", "via": "automation"}, True),
        ({"issue": "performance-degradation"}, False),
        ({"issue": "service-outage", "severity": Severity.MEDIUM}, False),
        ({"severity": Severity.CRITICAL}, True),
        ({"kind": Kind.EMERGENCY}, True),
        ({"issue": "data-corruption", "database": Wish()}, False),
        ({}, False),
    ],
)
def test_what_is_critical_and_asks_nobody(fields: dict[str, Any], expected: bool) -> None:
    assert urgent(request(**fields), POLICY) is expected


@pytest.mark.parametrize(
    ("consent", "fields", "expected"),
    [
        (Consent(people=1), {}, False),
        (Consent(people=1), {"force": True}, True),
        (Consent(people=1, when_automatic=False), {"via": "automation"}, True),
        (Consent(people=1, when_automatic=False), {}, False),
    ],
)
def test_where_the_policy_asks_people_it_joins(
    consent: Consent, fields: dict[str, Any], expected: bool
) -> None:
    rule = POLICY.rules[Severity.CRITICAL].model_copy(update={"consent": consent})
    policy = POLICY.model_copy(update={"rules": {**POLICY.rules, Severity.CRITICAL: rule}})
    assert urgent(request(issue="service-outage", **fields), policy) is expected


def test_an_alerts_issue_says_the_same() -> None:
    seen = {row.name: urgent_issue(POLICY, row.name) for row in POLICY.issues}
    assert {name for name, found in seen.items() if found} == {
        row.name for row in POLICY.issues if row.severity is Severity.CRITICAL
    }
