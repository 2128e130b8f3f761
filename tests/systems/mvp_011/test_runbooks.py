"""MVP-011's scenarios 2 and 3 on its own API, which has no standby: only the second look tells whether it helped."""

from typing import Any

import pytest

from domain.outcomes import Outcome
from domain.request import API_CHANGE, PERFORMANCE
from domain.severity import Severity
from examples.mvp_011.application import Fault
from flows.api_breaking_change import take_back_if_compatible
from flows.conclude import Path
from flows.performance_degradation import take_back_if_faster
from tests.systems.mvp_011.scene import ApiScene


@pytest.mark.parametrize(
    ("fault", "path", "runbook", "check"),
    [
        (Fault.WIDGET, take_back_if_compatible, API_CHANGE, "widget"),
        (Fault.SLOW, take_back_if_faster, PERFORMANCE, "core AI query"),
    ],
)
def test_users_get_what_they_missed(
    scene: ApiScene, fault: Fault, path: Path, runbook: str, check: str
) -> None:
    scene.stack.deploy("1.1.0", fault)
    asked: dict[str, Any] = {"runbook": runbook, "issue": runbook, "severity": Severity.CRITICAL}
    assert scene.walk(path, **asked) is Outcome.ROLLED_BACK, scene.data("ending")
    [compared] = scene.data("compared again")
    assert compared["better"]
    assert {row["name"]: row["verdict"] for row in compared["findings"]}[check] == "ok"
    plan = scene.incident().plan
    assert plan is not None
    assert {row.verdict for row in plan.seen if row.name == check} == {"bad"}
    [promised] = [line for line in scene.report().splitlines() if line.startswith("| RTO |")]
    assert f"| met | critical severity, {runbook} |" in promised


def test_a_widget_that_the_old_release_lacks_too_is_not_the_releases(scene: ApiScene) -> None:
    scene.stack.deploy("1.1.0", Fault.WIDGET)
    scene.stack.deploy("1.2.0", Fault.WIDGET)
    asked: dict[str, Any] = {"runbook": API_CHANGE, "issue": API_CHANGE, "severity": Severity.CRITICAL}
    assert scene.walk(take_back_if_compatible, **asked) is Outcome.WONT_HELP
    assert scene.history()[-1] == ("rollback", "1.1.0")
    [ending] = scene.data("ending")
    assert "users see the same as before: widget" in ending["why"]
    with scene.installation() as here:
        assert [row.version for row in here.store.releases(scene.name) if row.quarantined_by] == []
