"""An outage while another request waits for people: it goes ahead, the other one ends saying so, traffic is switched once."""

from collections.abc import Callable
from typing import Any

import pytest

from blocks.installation import Installation
from deployments.updates import _close
from domain.errors import NotAllowed
from domain.outcomes import Outcome
from domain.request import PERFORMANCE, SERVICE_OUTAGE
from domain.severity import Severity
from flows.intake import Followed, begin
from flows.runbook import _concluded
from flows.service_outage import restore_service
from tasks.assess import make_plan
from tasks.case import Case
from tasks.survey import survey
from tests.deployments.consent_stage import (
    Api,
    api,
    apply,
    ask,
    deliver,
    here,
    in_flow,
    scene,
    told,
)
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene

__all__ = ["api", "here", "in_flow", "scene", "stage", "store_url"]

Wait = Callable[..., Case]


@pytest.fixture
def waits(scene: Scene, here: Installation, in_flow: None) -> Wait:  # noqa: ARG001 - the run is one of Prefect's
    """A run that has asked people about its plan, and is suspended."""

    def make(**asked: object) -> Case:
        apply(here, scene)
        case = scene.case(here, "slow", **{"severity": None, "issue": PERFORMANCE, **asked})
        make_plan(case, survey(case))
        ask(case)
        return case

    return make


def switches(here: Installation, scene: Scene) -> int:
    return sum(
        entry.kind == "switched"
        for found in here.store.incidents(scene.name)
        for entry in here.store.entries(found.id)
    )


@pytest.mark.usefixtures("api")
def test_an_outage_goes_before_a_request_that_waits(waits: Wait, scene: Scene, here: Installation) -> None:
    slow = waits()
    outage: dict[str, Any] = {"runbook": SERVICE_OUTAGE, "issue": SERVICE_OUTAGE, "severity": None}
    assert scene.walk(restore_service, "outage", **outage) is Outcome.ROLLED_BACK
    assert scene.stage.serving() == "green"
    newest = here.store.incidents(scene.name)[0]
    why = f"{SERVICE_OUTAGE} went before it: {newest.id}"

    with pytest.raises(NotAllowed, match=f"it has ended: superseded: {why}") as refused:
        deliver(slow)
    assert "`backout status" in refused.value.next_step()

    again = begin(here, scene.document, slow.request, slow.run)
    assert isinstance(again, Followed)
    assert _concluded(here, again, restore_service) == (Outcome.SUPERSEDED, why)
    assert switches(here, scene) == 1
    assert _close(here, slow.incident.id)
    assert why in told(here, slow.incident.id)[-1]


@pytest.mark.parametrize(
    ("waiting", "coming"),
    [
        ({}, {"issue": PERFORMANCE, "severity": None}),
        ({}, {"issue": SERVICE_OUTAGE, "severity": Severity.HIGH}),
    ],
)
@pytest.mark.usefixtures("api")
def test_what_asks_people_itself_joins_it(
    waits: Wait, scene: Scene, here: Installation, waiting: dict[str, object], coming: dict[str, object]
) -> None:
    first = waits(**waiting)
    taken = begin(here, scene.document, scene.request(**coming), "another")
    assert isinstance(taken, Followed)
    assert taken.incident.id == first.incident.id
    assert taken.incident.outcome is None


def test_a_run_that_was_answered_is_joined(waits: Wait, scene: Scene, here: Installation, api: Api) -> None:
    """The answer came first: the run acts, and is not stopped in the middle."""
    slow = waits()
    deliver(slow)
    assert api.resumed == [slow.run]
    acting = begin(here, scene.document, slow.request, slow.run)
    assert isinstance(acting, Case)
    meeting = here.store.begin(scene.request(urgent=True), "outage")
    assert (meeting.incident.id, meeting.hold) == (slow.incident.id, None)
