"""The dashboards that an application names are linked where people decide: in the form, and in the message of the request."""

from pathlib import Path

import pytest

from blocks.installation import Installation
from domain.policy import Consent
from domain.report.request_text import Beside
from flows import consent, suspension
from tests.deployments.consent_stage import ANN, BOB, Planned, Suspended, here, in_flow, planned, told
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["here", "in_flow", "planned", "stage", "store_url"]

URL = "https://grafana.example.com/d/1"


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path, contacts=[ANN, BOB], dashboards={"Grafana": URL})


@pytest.mark.usefixtures("in_flow")
def test_a_request_links_them(planned: Planned, here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    forms: list[Beside] = []

    def suspend(*arguments: object) -> None:
        forms.extend(one for one in arguments if isinstance(one, Beside))
        raise Suspended

    monkeypatch.setattr(suspension, "suspend", suspend)
    case = planned(Consent(people=1))
    with pytest.raises(Suspended):
        consent.ask(case, case.plan)
    assert [dict(one.dashboards) for one in forms] == [{"Grafana": URL}]
    assert "grafana.example.com/d/1" in told(here, case.incident.id)[-1]
