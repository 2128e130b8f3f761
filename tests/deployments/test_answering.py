"""An answer is kept and reaches the run that waits, or the person is told that none does."""

from datetime import UTC, datetime, timedelta

import pytest

from blocks.application import Application
from blocks.installation import Installation
from deployments import answering, overdue
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Ruling
from domain.errors import NotAllowed
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.severity import Severity
from flows import consent, prefect_runs, suspension
from flows.instead import start_instead
from tasks.case import Case
from tests.deployments.consent_stage import (
    Api,
    Planned,
    api,
    ask,
    asked,
    case,
    deliver,
    fill_in,
    here,
    in_flow,
    planned,
    scene,
    told,
)
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene

__all__ = ["api", "case", "here", "in_flow", "planned", "scene", "stage", "store_url"]


@pytest.mark.usefixtures("in_flow")
def test_an_answer_that_came_before_the_run_was_suspended_wakes_it_when_it_is(api: Api, case: Case) -> None:
    ask(case)
    api.looks = 3
    given = deliver(case)
    assert (given.stands, given.woken, api.resumed) == (Ruling.APPROVED, True, [case.run])


@pytest.mark.usefixtures("in_flow")
def test_where_no_run_waits_the_person_is_told_so(
    api: Api, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(case)
    api.looks = 1_000_000
    monkeypatch.setattr(answering.wake, "__defaults__", (0.1,))
    given = deliver(case)
    assert not given.woken
    assert (
        given.what == f"kept, but no run waits: start it again with `backout rollback {case.document.name}`"
    )
    assert len(case.ledger.approvals(case.incident.id)) == 1


@pytest.mark.usefixtures("in_flow", "api")
def test_a_run_that_was_answered_right_before_it_suspends_goes_on(
    case: Case, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = here.store.wait

    def answered_meanwhile(_hold: object, until: datetime) -> None:
        wait(case.hold, until)
        answering.give(here, case.incident.id, answering.Said(Answer.APPROVE, "bob", "go"))

    monkeypatch.setattr(here.store, "wait", answered_meanwhile)
    consent.ask(case, case.plan)
    case.ledger.check(case.hold)
    holder = here.store.holder(case.document.name)
    assert holder is not None
    assert holder.phase == "acting"


@pytest.mark.usefixtures("in_flow")
def test_nobody_has_longer_than_the_rto(case: Case) -> None:
    ask(case)
    entry = consent.last_asked(case.ledger, case.incident.id)
    assert entry is not None
    assert consent.deadline_of(entry) - datetime.now(UTC) <= timedelta(seconds=120)


@pytest.mark.usefixtures("api")
def test_after_the_deadline_no_answer_is_taken(case: Case) -> None:
    asked(case, datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="its deadline was"):
        deliver(case)


def test_a_wait_whose_deadline_run_failed_is_woken(
    case: Case, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api()
    monkeypatch.setattr(PrefectApi, "find", lambda _home: api)
    asked(case, datetime.now(UTC) + timedelta(seconds=60))
    assert case.incident.id not in overdue.wake_once(here)
    case.ledger.wait(case.hold, datetime.now(UTC) - timedelta(seconds=overdue.LATE_S + 1))
    assert case.incident.id in overdue.wake_once(here)
    assert case.run in api.resumed


@pytest.mark.usefixtures("in_flow")
def test_who_answered_in_a_form_that_cannot_answer_is_told_once(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = scene.case(here)
    plan = Plan(
        application=scene.name, decision=Decision.ROLL_BACK, severity=Severity.HIGH, consent=Consent(people=2),
        deadline_s=300, rto_s=300,
    )  # fmt: skip
    case.ledger.keep_plan(case.hold, plan)
    ask(case)
    fill_in(monkeypatch, suspension.FilledIn("approve", "carol", "it is broken", 0, datetime.now(UTC)))
    for _ in range(2):
        ask(case)
    assert sum("carol answered in the form" in text for text in told(here, case.incident.id)) == 1


def test_only_whom_the_policy_names_may_answer(planned: Planned, api: Api) -> None:
    case = planned(Consent(people=1, approvers=["lead"]))
    asked(case, datetime.now(UTC) + timedelta(seconds=60))
    with pytest.raises(NotAllowed, match="the policy asks lead"):
        deliver(case, person="ann")
    assert deliver(case, person="bob").stands is Ruling.APPROVED
    assert api.resumed == [case.run]


def test_a_member_of_slack_that_no_contact_knows_is_told_so(planned: Planned) -> None:
    case = planned(Consent(people=1))
    with pytest.raises(NotAllowed, match=r"no contact of .* has `identities: \{slack: U0EVE\}`"):
        deliver(case, person="U0EVE", via="slack")


@pytest.mark.usefixtures("api")
def test_one_person_on_two_ways_is_one_person(planned: Planned) -> None:
    case = planned(Consent(people=2))
    asked(case, datetime.now(UTC) + timedelta(seconds=60))
    assert deliver(case, person="bob").stands is Ruling.OPEN
    assert deliver(case, person="U0BOB", via="slack").stands is Ruling.OPEN
    assert deliver(case, person="U0ANN", via="slack").stands is Ruling.OPEN, "ann asked for it"
    assert deliver(case, person="carol").stands is Ruling.APPROVED


@pytest.mark.usefixtures("api")
def test_something_else_ends_the_request(planned: Planned) -> None:
    case = planned(Consent(people=1), offers=["config", "hotfix"])
    asked(case, datetime.now(UTC) + timedelta(seconds=60))
    for wanted in ("flag:new-checkout", "hotfix", "hotfix:--force"):
        with pytest.raises(NotAllowed, match="is not offered"):
            deliver(case, Answer.INSTEAD, instead=wanted)
    assert deliver(case, Answer.INSTEAD, instead="config").stands is Ruling.INSTEAD
    with pytest.raises(NotAllowed, match="it was superseded before"):
        deliver(case, person="ann")


@pytest.mark.usefixtures("in_flow", "api")
def test_who_may_not_answer_decides_neither_what_is_done_instead_nor_the_reason(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = planned(Consent(people=1, approvers=["lead"]), offers=["config", "flag:new"])
    asked(case, datetime.now(UTC) + timedelta(seconds=60))
    fill_in(monkeypatch, suspension.FilledIn("config", "eve", "why not", 0, datetime.now(UTC)))
    ask(case)
    deliver(case, Answer.INSTEAD, person="bob", instead="flag:new")
    started: list[str] = []
    monkeypatch.setattr(
        prefect_runs, "start_later", lambda _name, fields, *_rest, **_key: started.append(fields["only"])
    )
    start_instead(case, Application(name=case.document.name, source="", digest="", document={}))
    assert started == ["flag:new"]
    assert [row.person for row in consent.counting(case, case.plan)] == ["bob"]
