"""`kill -9` in a deploy, then a second start: it ends fully new or fully old, and never between."""

from pathlib import Path

import pytest

from domain.outcomes import Outcome
from flows.path import go_forward
from tests.flows.deploy_stage import NEW, QUICK, DeployScene, DeployStage
from tests.flows.killing import Runs

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return tenths.deploy_scene(tmp_path)


POINTS = [
    "keep_plan", "install", "start the program", "share out", "note shifted", "analyse", "share out 4", "note switched", "verify",
    "analyse 4", "settle",
]  # fmt: skip
REST = [
    "study release", "assess", "announce", "validate", "preserve", "note installed", "prepare", "smoke", "shift traffic",
    "shift traffic 2", "share out 2", "note shifted 3", "note verified", "close",
]  # fmt: skip
"""What comes between: with the full matrix."""
SHARED_OUT = ["note shifted", "analyse", "shift traffic 2", "share out 2", "note shifted 3"]
"""Nobody looked at the new release since the run was killed: it goes back."""
BACK = ["go back", "share out 2", "note went back"]


def ends_whole(shop: DeployScene) -> None:
    """All traffic on one release, that is healthy, and an incident that says which."""
    with shop.installation() as here:
        [*_, first] = here.store.incidents(shop.name)
        assert here.store.problems(first.id) == []
    slot = "green" if first.outcome is Outcome.DEPLOYED else "blue"
    assert first.outcome in (Outcome.DEPLOYED, Outcome.WENT_BACK)
    assert shop.stage.shares() == {slot: 100}
    assert shop.stage.platform.slot(slot).version == (NEW if slot == "green" else "2.0")


@pytest.mark.parametrize("when", ["before", pytest.param("after", marks=pytest.mark.full_matrix)])
@pytest.mark.parametrize(
    "step", [*POINTS, *(pytest.param(step, marks=pytest.mark.full_matrix) for step in REST)]
)
def test_killed_anywhere_it_ends_fully_new_or_fully_old(
    shop: DeployScene, tmp_path: Path, step: str, when: str
) -> None:
    runs = Runs(shop, go_forward, tmp_path)
    runs.start(dies_at=f"{when} {step}")
    runs.start()
    ends_whole(shop)
    if step in SHARED_OUT:
        assert shop.incident().outcome is Outcome.WENT_BACK


@pytest.mark.parametrize("when", ["before", pytest.param("after", marks=pytest.mark.full_matrix)])
@pytest.mark.parametrize("step", BACK)
def test_killed_on_the_way_back_it_ends_fully_old(
    shop: DeployScene, tmp_path: Path, step: str, when: str
) -> None:
    shop.raw["deploy"] = {**QUICK, "wait_s": 0.01, "limits": {"requests": 100_000}}
    runs = Runs(shop, go_forward, tmp_path)
    runs.start(dies_at=f"{when} {step}")
    runs.start()
    ends_whole(shop)
    assert shop.incident().outcome is Outcome.WENT_BACK
    assert len(shop.data("went back")) == 1
