"""What a request offers in place of its plan: each starts a flow of its own, and the journal says which."""

from datetime import UTC, datetime, timedelta

import pytest

from blocks.application import Application
from domain.consent import Answer, Ruling
from domain.policy import Consent
from flows import prefect_runs
from flows.instead import start_instead
from tests.deployments.consent_stage import Planned, api, asked, deliver, here, in_flow, planned, scene
from tests.flows.conftest import stage, store_url

__all__ = ["api", "here", "in_flow", "planned", "scene", "stage", "store_url"]


@pytest.mark.usefixtures("in_flow", "api")
@pytest.mark.parametrize(
    ("offer", "deployment", "own"),
    [
        ("restart", "restart", {}),
        ("config", "rollback", {"target": "last good", "only": "config"}),
        ("hotfix:2.0.1", "hotfix", {"target": "2.0.1"}),
        ("shift:50", "shift-traffic", {"target": "1.0", "share": 50}),
    ],
)
def test_each_other_way_starts_a_flow_of_its_own_and_is_recorded(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, offer: str, deployment: str, own: dict[str, object]
) -> None:
    case = planned(Consent(people=1), offers=["restart", "shift", "config", "hotfix"])
    asked(case, datetime.now(UTC) + timedelta(seconds=60))
    assert deliver(case, Answer.INSTEAD, person="bob", instead=offer).stands is Ruling.INSTEAD
    started: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        prefect_runs, "start_later", lambda name, fields, *_rest, **_key: started.append((name, fields))
    )
    start_instead(case, Application(name=case.document.name, source="", digest="", document={}))
    [(name, fields)] = started
    assert name == deployment
    assert {key: fields[key] for key in ("target", "only", "share") if key in fields} == own
    assert fields["asked_by"] == "bob"
    [noted] = [
        row.data["what"] for row in case.ledger.entries(case.incident.id) if row.kind == "started instead"
    ]
    assert noted == offer
