"""A deploy with a gate at 50 %, under a Prefect that is played."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import answered_form, consent, gates, suspension
from tests.deployments.consent_stage import ANN, BOB, apply
from tests.flows.deploy_stage import QUICK, DeployScene, DeployStage

HALF = {"blue": 50, "green": 50}


def play_prefect(monkeypatch: pytest.MonkeyPatch, suspend: Callable[..., None]) -> None:
    """What a run asks Prefect for: `suspend` is called where it would be suspended."""
    monkeypatch.setattr(consent, "in_flow", lambda: True)
    monkeypatch.setattr(gates, "in_flow", lambda: True)
    monkeypatch.setattr(suspension, "schedule_deadline", lambda *_arguments: None)
    monkeypatch.setattr(answered_form, "filled_in", lambda _key: None)
    monkeypatch.setattr(suspension, "suspend", suspend)


def gated_shop(tenths: DeployStage, folder: Path) -> DeployScene:
    """Ann and Bob are asked at the gate."""
    made = tenths.deploy_scene(folder, contacts=[ANN, BOB], deploy={**QUICK, "gates": [50]})
    with made.installation() as here:
        apply(here, made)
    return made
