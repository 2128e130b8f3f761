"""An answer is kept and reaches the run that waits, or the person is told that none does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.installation import Installation
from deployments import answering, overdue
from deployments.answering import Given
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Ruling
from domain.errors import NotAllowed
from domain.journal_kinds import Happened
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.severity import Severity
from flows import consent, suspension
from tasks.case import Case
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


class Suspended(Exception):
    """In place of Prefect's own signal."""


class Api:
    """A Prefect whose run takes some looks until it is suspended."""

    def __init__(self, looks: int = 0) -> None:
        self.looks = looks
        self.resumed: list[str] = []

    def __enter__(self) -> "Api":  # noqa: PYI034
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def resume(self, run: str, _form: dict[str, str]) -> bool:
        self.looks -= 1
        if self.looks < 0:
            self.resumed.append(run)
        return self.looks < 0


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api()
    monkeypatch.setattr(PrefectApi, "find", lambda _home: api)
    monkeypatch.setattr(answering, "PAUSE_S", 0.01)
    return api


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path)


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


@pytest.fixture
def case(scene: Scene, here: Installation) -> Case:
    """An incident whose plan needs one person's yes."""
    case = scene.case(here)
    plan = Plan(
        application=scene.name, decision=Decision.ROLL_BACK, severity=Severity.HIGH, consent=Consent(people=1),
        from_release="2.0", to_release="1.0", to_slot="green", deadline_s=300, rto_s=120,
    )  # fmt: skip
    case.ledger.keep_plan(case.hold, plan)
    return case


@pytest.fixture
def in_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    def suspend(*_arguments: object) -> None:
        raise Suspended

    monkeypatch.setattr(consent, "in_flow", lambda: True)
    monkeypatch.setattr(suspension, "schedule_deadline", lambda *_arguments: None)
    monkeypatch.setattr(suspension, "filled_in", lambda _key: None)
    monkeypatch.setattr(suspension, "suspend", suspend)


def ask(case: Case) -> None:
    with pytest.raises(Suspended):
        consent.ask(case, case.plan)


def deliver(case: Case, answer: Answer = Answer.APPROVE) -> Given:
    return answering.deliver(case.installation, case.incident.id, answering.Said(answer, "bob", "go"))


def asked(case: Case, deadline: datetime) -> None:
    case.note(Happened.CONSENT_ASKED, deadline=deadline.isoformat(), plan="", key="k", run=case.run)
    case.ledger.wait(case.hold, deadline)


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


@pytest.mark.parametrize(
    ("asks", "said"), [(Consent(), False), (Consent(people=2), True), (Consent(self_declared=False), True)]
)
def test_a_form_that_cannot_answer_says_so(case: Case, asks: Consent, said: bool) -> None:
    plan = case.plan.model_copy(update={"consent": asks})
    text = suspension.request_text(plan, "incident-1", datetime.now(UTC))
    assert ("use `backout approve incident-1`" in text) == said


@pytest.mark.parametrize(
    ("eta_s", "said"), [(None, "not known yet"), (0.2, "under a second"), (41.7, "about 42 s")]
)
def test_the_form_says_how_long_it_takes(case: Case, eta_s: float | None, said: str) -> None:
    plan = case.plan.model_copy(update={"eta_s": eta_s})
    assert f"| Takes | {said} |" in suspension.request_text(plan, "incident-1", datetime.now(UTC))


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
    form = suspension.FilledIn("approve", "carol", "it is broken", 0, datetime.now(UTC))
    monkeypatch.setattr(suspension, "filled_in", lambda _key: form)
    for _ in range(2):
        ask(case)
    with here.store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT message FROM outbox WHERE incident = %s", [case.incident.id]
        ).fetchall()
    told = [row["message"]["text"] for row in rows if "carol answered in the form" in row["message"]["text"]]
    assert len(told) == 1


def test_the_form_says_which_number_to_type_before_anything_else() -> None:
    plan = Plan(
        application="shop/production",
        decision=Decision.ROLL_BACK,
        severity=Severity.HIGH,
        why=["errors"],
        confirm_rows=12,
    )
    text = suspension.request_text(plan, "incident-1", datetime.now(UTC))
    assert text.index("Type 12 below") < text.index("errors")
