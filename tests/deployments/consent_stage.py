"""An incident that waits for people, on a real application and store, with Prefect played by `Api`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments import answering
from deployments.answering import Given
from deployments.prefect_api import PrefectApi
from domain.consent import Answer
from domain.journal_kinds import Happened
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.severity import Severity
from flows import answered_form, consent, suspension
from tasks.case import Case
from tests.flows.stage import Scene, Stage

ANN = {"role": "on-call", "reach": "+49 1", "name": "Ann", "identities": {"unix": "ann", "slack": "U0ANN"}}
BOB = {"role": "lead", "reach": "+49 2", "name": "Bob", "identities": {"unix": "bob", "slack": "U0BOB"}}


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
    return stage.scene(tmp_path, contacts=[ANN, BOB])


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


Planned = Callable[..., Case]


@pytest.fixture
def planned(scene: Scene, here: Installation) -> Planned:
    """Makes an incident whose plan asks as the arguments say; its application is applied."""

    def make(consent: Consent, **fields: Any) -> Case:
        apply(here, scene)
        case = scene.case(here)
        plan = Plan(**{
            "application": scene.name, "decision": Decision.ROLL_BACK, "severity": Severity.HIGH, "consent": consent,
            "from_release": "2.0", "to_release": "1.0", "to_slot": "green", "deadline_s": 120, "rto_s": 120, **fields,
        })  # fmt: skip
        case.ledger.keep_plan(case.hold, plan)
        return case

    return make


@pytest.fixture
def case(planned: Planned) -> Case:
    """An incident whose plan needs one person's yes."""
    return planned(Consent(people=1), deadline_s=300)


def apply(here: Installation, scene: Scene) -> None:
    """What `backout apply` keeps in the store."""
    configurations.keep(here.store.database, Applied(scene.name, scene.raw, "digest", "a test"), "ann")


@pytest.fixture
def in_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    def suspend(*_arguments: object) -> None:
        raise Suspended

    monkeypatch.setattr(consent, "in_flow", lambda: True)
    monkeypatch.setattr(suspension, "schedule_deadline", lambda *_arguments: None)
    monkeypatch.setattr(answered_form, "filled_in", lambda _key: None)
    monkeypatch.setattr(suspension, "suspend", suspend)


def fill_in(monkeypatch: pytest.MonkeyPatch, form: suspension.FilledIn) -> None:
    """Somebody sends Prefect's form, whichever request is asked."""
    monkeypatch.setattr(answered_form, "filled_in", lambda _key: form)


def ask(case: Case) -> None:
    """The run comes to the question and is suspended."""
    with pytest.raises(Suspended):
        consent.ask(case, case.plan)


def deliver(case: Case, answer: Answer = Answer.APPROVE, person: str = "bob", **said: Any) -> Given:
    given = answering.Said(answer, person, "go", **said)
    return answering.deliver(case.installation, case.incident.id, given)


def asked(case: Case, deadline: datetime, **data: Any) -> None:
    """Noted as the run does when it asks."""
    case.note(
        Happened.CONSENT_ASKED, deadline=deadline.isoformat(), plan=case.plan.digest(), key="k", run=case.run, **data
    )  # fmt: skip
    case.ledger.wait(case.hold, deadline)


def told(here: Installation, incident: str) -> list[str]:
    """The messages that wait in the outbox: title and text of each."""
    with here.store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT message FROM outbox WHERE incident = %s ORDER BY id", [incident]
        ).fetchall()
    return [f"{row['message']['title']}\n{row['message']['text']}" for row in rows]
