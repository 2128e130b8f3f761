"""A one-time code makes an answer in Prefect's form a proven one, once, and for its own request alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from blocks.installation import Installation
from deployments.one_time_codes import give_code
from domain.errors import NotAllowed
from domain.journal_kinds import Happened
from domain.policy import Consent
from flows import consent
from flows.suspension import FilledIn
from tasks.case import Case
from tasks.ended import Ended
from tests.deployments.consent_stage import (
    Planned,
    api,
    ask,
    deliver,
    fill_in,
    here,
    in_flow,
    planned,
    scene,
    told,
)
from tests.flows.conftest import stage, store_url

__all__ = ["api", "here", "in_flow", "planned", "scene", "stage", "store_url"]

PROOF_WANTED = Consent(people=1, self_declared=False)
pytestmark = pytest.mark.usefixtures("in_flow", "api")


def form(code: str, name: str = "anybody", decision: str = "approve", **fields: Any) -> FilledIn:
    return FilledIn(decision, name, "it is broken", 0, datetime.now(UTC), code, **fields)


def code_of(case: Case, person: str = "bob") -> str:
    return give_code(case.installation, case.incident.id, "cli", person).code


def test_a_name_alone_waits_on_and_with_a_code_it_counts(
    planned: Planned, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(PROOF_WANTED)
    ask(case)
    fill_in(monkeypatch, form(""))
    ask(case)
    assert f"backout approve-code {case.incident.id}" in told(here, case.incident.id)[-1]
    fill_in(monkeypatch, form(code_of(case).lower().replace("-", " ")))
    consent.ask(case, case.plan)
    counted = case.ledger.approvals(case.incident.id)[-1]
    assert (counted.person, counted.via, counted.proven) == ("bob", "ui", True)
    assert counted.roles == ["lead", "Bob"]


def test_a_code_counts_once_also_where_two_people_are_asked(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(Consent(people=2))
    ask(case)
    code = code_of(case)
    fill_in(monkeypatch, form(code))
    ask(case)
    fill_in(monkeypatch, form(code, name="another"))
    ask(case)
    people = [row.person for row in case.ledger.approvals(case.incident.id)]
    assert people == ["bob"]
    fill_in(monkeypatch, form(code_of(case, "carol")))
    consent.ask(case, case.plan)


def test_a_wrong_code_is_told_and_does_not_fall_back_to_the_name(
    planned: Planned, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(Consent(people=1))
    ask(case)
    fill_in(monkeypatch, form("0000-0000"))
    ask(case)
    assert case.ledger.approvals(case.incident.id) == []
    assert "its code is wrong, used or too old" in told(here, case.incident.id)[-1]
    assert [row.kind for row in here.store.entries(case.incident.id)].count(Happened.CODE_REFUSED) == 1


def test_who_may_not_answer_gets_no_code(planned: Planned) -> None:
    case = planned(Consent(people=1, approvers=["lead"]))
    ask(case)
    with pytest.raises(NotAllowed, match="the policy asks lead"):
        code_of(case, "ann")


def test_once_the_request_is_answered_nobody_gets_a_code(planned: Planned) -> None:
    case = planned(Consent(people=1))
    ask(case)
    deliver(case)
    with pytest.raises(NotAllowed, match="it was approved before"):
        code_of(case)


def test_a_code_ends_with_its_request(planned: Planned) -> None:
    case = planned(Consent(people=1))
    ask(case)
    given = give_code(case.installation, case.incident.id, "slack", "U0BOB")
    assert given.until - datetime.now(UTC) <= timedelta(seconds=120)
    assert given.person == "bob"


def test_something_else_by_the_form_ends_the_request(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(Consent(people=1), offers=["config", "hotfix"])
    ask(case)
    fill_in(monkeypatch, form("", decision="hotfix"))
    ask(case)
    fill_in(monkeypatch, form("", decision="hotfix", fix_release="2.0.1"))
    with pytest.raises(Ended, match="superseded"):
        consent.ask(case, case.plan)
