"""One part of Jarvis goes back, each way of the runbook's "Partial Rollback"; what else runs keeps its pods."""

from typing import Any

import pytest

from domain.outcomes import Outcome
from domain.release import Part
from domain.request import THIRD_PARTY
from examples.jarvis.release import INTEGRATION, Version
from flows.path import take_back
from flows.third_party_failure import turn_off_then_take_back
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import API, WORKER, Jarvis

pytestmark = pytest.mark.cluster


def releases(parts: list[Part]) -> dict[str, str | None]:
    return {part.name: part.release for part in parts}


def test_one_deployment(jarvis: Jarvis, scene: JarvisScene) -> None:
    scene.deploy(Version("v1.2.0"))
    worker = jarvis.pods(WORKER)
    assert scene.walk(take_back, only="api") is Outcome.ROLLED_BACK, scene.why()
    jarvis.answers_as("v1.1.0")
    assert (jarvis.version(WORKER), jarvis.pods(WORKER)) == ("v1.2.0", worker)
    assert "| api | v1.1.0 |" in scene.report()
    assert scene.quarantined() == [], "its worker still runs"

    api = jarvis.pods(API)
    assert scene.walk(take_back, "second", only="api") is Outcome.NOTHING_TO_DO, scene.why()
    assert jarvis.pods(API) == api


@pytest.mark.full_matrix
def test_the_configuration(jarvis: Jarvis, scene: JarvisScene) -> None:
    jarvis.stack.configure(MODEL="jarvis-huge", FEATURE_NEW_DASHBOARD="false")
    jarvis.shows(newDashboard=False, newIntegration=False)
    jarvis.thinks_with("jarvis-huge")
    worker = jarvis.pods(WORKER)
    assert scene.walk(take_back, only="config") is Outcome.ROLLED_BACK, scene.why()
    jarvis.shows(newDashboard=True, newIntegration=False)
    jarvis.thinks_with("jarvis-small")
    assert jarvis.version() == "v1.1.0"
    assert worker != jarvis.pods(WORKER), "it reads the same ConfigMap"


@pytest.mark.full_matrix
def test_a_flag_in_the_configmap(jarvis: Jarvis, scene: JarvisScene) -> None:
    jarvis.shows(newDashboard=True, newIntegration=False)
    assert scene.walk(take_back, only="flag:new-dashboard") is Outcome.ROLLED_BACK, scene.why()
    jarvis.shows(newDashboard=False, newIntegration=False)
    assert jarvis.version() == "v1.1.0"


@pytest.mark.full_matrix
def test_an_integration_that_broke_is_turned_off_and_then_the_whole_goes_back(
    jarvis: Jarvis, scene: JarvisScene
) -> None:
    scene.deploy(Version("v1.8.0", INTEGRATION))
    jarvis.shows(newDashboard=True, newIntegration=True)
    jarvis.weather_answers(502)
    assert scene.walk(take_back, only="flag:new-integration") is Outcome.ROLLED_BACK, scene.why()
    jarvis.shows(newDashboard=True, newIntegration=False)
    jarvis.weather_answers(200)
    jarvis.answers_as("v1.8.0")
    assert scene.walk(take_back, "second", only="flag:new-integration") is Outcome.NOTHING_TO_DO, scene.why()

    assert scene.walk(take_back, "of the whole") is Outcome.ROLLED_BACK, scene.why()
    jarvis.answers_as("v1.1.0")


@pytest.mark.full_matrix
def test_the_runbook_turns_the_integration_off_and_ends_there(jarvis: Jarvis, scene: JarvisScene) -> None:
    """Scenario 4; the flag is `integration` of the example's own document."""
    scene.deploy(Version("v1.8.0", INTEGRATION))
    jarvis.weather_answers(502)
    asked: dict[str, Any] = {"runbook": THIRD_PARTY, "issue": THIRD_PARTY}
    assert scene.walk(turn_off_then_take_back, **asked) is Outcome.TURNED_OFF, scene.why()
    jarvis.weather_answers(200)
    jarvis.answers_as("v1.8.0")
    assert scene.quarantined() == []
    assert "flag:new-integration turned off" in scene.report()
