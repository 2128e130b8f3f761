"""Who is asked, by severity and environment, and who may answer: what `backout apply` takes and what it refuses."""

from typing import Any

import pytest

from blocks.configuration import read
from blocks.document import Document, policy_of
from domain.policy import AtDeadline
from domain.severity import Severity
from tests.blocks.configuration.documents import APPLICATION, Write, refused

ANN = {"role": "on-call", "reach": "+49 1", "identities": {"unix": "ann", "slack": "U0ANN"}}
BOB = {"role": "lead", "reach": "+49 2", "name": "Bob", "identities": {"slack": "U0BOB"}}
BY_ENVIRONMENT = {
    "preset": "aldeia",
    "rules": {"high": {"consent": {"people": 2, "approvers": ["on-call", "lead"]}}},
    "environments": {
        "staging": {"high": {"people": 0, "approvers": []}},
        "production": {"medium": {"people": 2}},
    },
}


def application(name: str = "shop/production", **changes: Any) -> dict[str, Any]:
    plain = {
        key: value for key, value in APPLICATION.items() if key not in ("database", "platform", "policy")
    }
    platform = {"kind": "deployment_api", "url": "http://127.0.0.1:1"}
    return {**plain, "platform": platform, "name": name, "contacts": [ANN, BOB], **changes}


def consent_of(document: Document, severity: Severity) -> Any:
    return document.policy.rules[severity].consent


def test_one_policy_asks_differently_in_each_environment(write: Write) -> None:
    names = ("shop/production", "shop/staging", "shop/qa")
    read([write(*(application(name, policy=BY_ENVIRONMENT) for name in names))])
    production, staging, qa = (
        Document.model_validate(application(name, policy=BY_ENVIRONMENT)) for name in names
    )
    assert [consent_of(one, Severity.HIGH).people for one in (production, staging, qa)] == [2, 0, 2]
    assert [consent_of(one, Severity.MEDIUM).people for one in (production, staging, qa)] == [2, 1, 1]
    assert consent_of(production, Severity.HIGH).approvers == ["on-call", "lead"]
    unchanged = consent_of(staging, Severity.HIGH)
    assert (unchanged.deadline_s, unchanged.self_declared) == (3600, True)


def test_the_raw_documents_policy_is_that_of_its_environment() -> None:
    raw = application("shop/staging", policy=BY_ENVIRONMENT)
    assert policy_of(raw).rules[Severity.HIGH].consent.people == 0


def test_a_policy_may_escalate_where_somebody_can_be_called(write: Write) -> None:
    policy = {"rules": {"high": {"consent": {"at_deadline": "escalate"}}}}
    read([write(application(policy=policy))])
    document = Document.model_validate(application(policy=policy))
    assert consent_of(document, Severity.HIGH).at_deadline is AtDeadline.ESCALATE


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"policy": {"rules": {"high": {"consent": {"approvers": ["laed"]}}}}}, "laed: no contact"),
        (
            {"policy": {"environments": {"production": {"high": {"approvers": ["cto"]}}}}},
            "policy.rules.high.consent.approvers: cto",
        ),
        (
            {"policy": {"rules": {"high": {"consent": {"people": 2, "approvers": ["lead"]}}}}},
            "only 1 may answer",
        ),
        (
            {"policy": {"rules": {"high": {"consent": {"at_deadline": "escalate"}}}}, "contacts": []},
            "whom to call",
        ),
        ({"contacts": [ANN, {**BOB, "identities": {"slack": "U0ANN"}}]}, "slack U0ANN is Bob and ann"),
        ({"contacts": [{**ANN, "hours": {"timezone": "Mars/Olympus"}}]}, "is no time zone"),
        ({"contacts": [{**ANN, "identities": {"slack": "@ann"}}]}, "should match pattern"),
        ({"policy": {"environments": {"production": {"urgent": {"people": 0}}}}}, "critical"),
        ({"policy": {"environments": {"production": {"high": {"persons": 0}}}}}, "persons"),
    ],
)
def test_what_nobody_could_answer_is_refused(write: Write, changes: dict[str, Any], problem: str) -> None:
    error = refused(write(application(**changes)))
    assert problem in str(error)
