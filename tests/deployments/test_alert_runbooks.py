"""What alerts and triggers may start is checked before anything is saved, and has its automations."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from uuid import NAMESPACE_DNS, UUID, uuid4, uuid5

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import DoNothing, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger

from blocks.configuration import Described
from blocks.installation import Installation
from deployments import events
from deployments.applying import apply, runbooks
from deployments.automations import make_automations
from domain.errors import ConfigurationError


def described(**raw: Any) -> Described:
    return Described(name="shop/production", raw=raw, source="backout.yaml", at="applications[0]", digest="")


def alerts_of(runbook: str) -> dict[str, Any]:
    return {"alerts": {"rules": [{"match": {"alertname": "*"}, "runbook": runbook}]}}


def triggers_of(runbook: str) -> dict[str, Any]:
    return {"watch": {"triggers": [{"failures": 5}, {"name": "mine", "failures": 9, "runbook": runbook}]}}


@pytest.mark.parametrize("runbook", ["emergency", "hotfix", "soak", "backup-database", "nothing"])
@pytest.mark.parametrize(
    ("raw", "key"), [(alerts_of, "alerts.rules"), (triggers_of, "watch.triggers[1].runbook")]
)
def test_what_alerts_and_triggers_must_not_start_is_refused(
    runbook: str, raw: Callable[[str], dict[str, Any]], key: str
) -> None:
    nowhere = cast(Installation, None)
    with pytest.raises(ConfigurationError) as refused:
        apply(nowhere, [described(**raw(runbook))], "ann")
    assert refused.value.key == f"applications[0].{key}"
    assert "service-outage" in str(refused.value)
    assert "emergency" not in refused.value.allowed


class Client:
    """Prefect's API as far as automations go."""

    def __init__(self) -> None:
        self.made: list[AutomationCore] = []

    def deployment(self, runbook: str) -> UUID:
        return uuid5(NAMESPACE_DNS, f"{runbook}/{runbook}")

    def read_deployment_by_name(self, name: str) -> SimpleNamespace:
        form: dict[str, Any] = {"properties": {"application": {}, "detection": {}, "issue": {}}}
        return SimpleNamespace(id=uuid5(NAMESPACE_DNS, name), parameter_openapi_schema=form)

    def read_automations(self, **_page: Any) -> list[AutomationCore]:
        return []

    def read_automations_by_name(self, _name: str) -> list[AutomationCore]:
        return []

    def create_automation(self, wanted: AutomationCore) -> UUID:
        self.made.append(wanted)
        return uuid4()


def test_what_a_trigger_names_has_automations_that_its_event_fires() -> None:
    client = Client()
    named = runbooks(described(**triggers_of("service-outage")))
    make_automations(cast(SyncPrefectClient, client), "shop/production", uuid4(), named)
    started = {
        (*one.trigger.match[events.LABEL_RUNBOOK], action.deployment_id)
        for one in client.made
        for action in one.actions
        if isinstance(one.trigger, EventTrigger) and isinstance(action, RunDeployment)
    }
    assert started == {(name, client.deployment(name)) for name in ("rollback", "service-outage")}
    for one in client.made:
        assert isinstance(one.trigger, EventTrigger)
        assert one.trigger.expect == {events.TRIGGER_FIRED, events.ALERT_FIRING}
    assert len([one for one in client.made if isinstance(one.actions[0], DoNothing)]) == 1
