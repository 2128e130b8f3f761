"""`kill -9` of a deploy's process at a gate: started again it asks still, or goes on with the answer that came meanwhile."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.installation import Installation
from deployments import answering
from deployments.answering import Said
from domain.consent import Answer
from domain.outcomes import Outcome
from flows.path import go_forward
from tests.deployments.consent_stage import told
from tests.flows.deploy_stage import DeployScene, DeployStage
from tests.flows.gated import HALF, gated_shop, play_prefect
from tests.flows.killing import Runs
from tests.forked import KILLED, exit_code

WAITS = "while it waits"
"""In Prefect's own call: the run was asked for to be suspended, and its process is still there."""


@pytest.fixture(autouse=True)
def in_flow(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:  # noqa: ARG001 - no pauses between looks
    """Under a Prefect that is played; whoever comes to wait is killed there, but not the test itself."""
    ours = os.getpid()

    def waits(*_arguments: object) -> None:
        assert os.getpid() != ours, "it waits still"
        os.kill(os.getpid(), signal.SIGKILL)

    play_prefect(monkeypatch, waits)


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return gated_shop(tenths, tmp_path)


@pytest.fixture
def here(shop: DeployScene) -> Iterator[Installation]:
    with shop.installation() as here:
        yield here


@pytest.fixture
def runs(shop: DeployScene, tmp_path: Path) -> Runs:
    return Runs(shop, go_forward, tmp_path)


def comes_to_wait(shop: DeployScene) -> None:
    """A whole run, killed where it waits."""
    assert exit_code(lambda: shop.walk(go_forward)) == KILLED
    shop.holder_died()


def dies(runs: Runs, point: str) -> None:
    """A run that is killed at this point of the gate."""
    if point == WAITS:
        comes_to_wait(runs.scene)  # type: ignore[arg-type]
        return
    runs.start(dies_at=point)
    runs.scene.holder_died()


def say(here: Installation, shop: DeployScene, answer: Answer) -> None:
    answering.give(here, shop.incident().id, Said(answer, "bob", "as I see it"))


def given(shop: DeployScene) -> list[int]:
    return [row["shares"]["green"] for row in shop.data("shifted")]


@pytest.mark.parametrize(
    "point", [WAITS, pytest.param("after note consent asked", marks=pytest.mark.full_matrix)]
)
def test_killed_before_an_answer_it_asks_still(
    shop: DeployScene, here: Installation, runs: Runs, point: str
) -> None:
    dies(runs, point)
    comes_to_wait(shop)
    assert (shop.stage.shares(), given(shop)) == (HALF, [10, 30, 50])
    assert shop.incident().outcome is None
    [_asked] = [text for text in told(here, shop.incident().id) if "CONSENT NEEDED" in text]
    assert len({row["deadline"] for row in shop.data("consent asked")}) == 1


@pytest.mark.full_matrix
def test_killed_before_it_asked_it_goes_back(shop: DeployScene, runs: Runs) -> None:
    """As everywhere between two steps: nobody looked at the new release meanwhile, and no answer keeps it."""
    dies(runs, "before note consent asked")
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert shop.stage.shares() == {"blue": 100}


@pytest.mark.full_matrix
@pytest.mark.parametrize(
    ("answer", "outcome", "shares"),
    [
        (Answer.APPROVE, Outcome.DEPLOYED, {"green": 100}),
        (Answer.REJECT, Outcome.WENT_BACK, {"blue": 100}),
    ],
)
def test_what_was_answered_after_the_kill_counts(
    shop: DeployScene, here: Installation, answer: Answer, outcome: Outcome, shares: dict[str, int]
) -> None:
    comes_to_wait(shop)
    say(here, shop, answer)
    assert shop.walk(go_forward) is outcome, shop.data("ending")
    assert shop.stage.shares() == shares


@pytest.mark.parametrize(
    ("point", "outcome"),
    [
        ("before note resumed", Outcome.DEPLOYED),
        pytest.param("after note resumed", Outcome.WENT_BACK, marks=pytest.mark.full_matrix),
        pytest.param("before share out", Outcome.WENT_BACK, marks=pytest.mark.full_matrix),
        pytest.param("after share out", Outcome.DEPLOYED, marks=pytest.mark.full_matrix),
    ],
)
def test_killed_on_its_way_past_the_gate_it_ends_fully_new_or_fully_old(
    shop: DeployScene, here: Installation, runs: Runs, point: str, outcome: Outcome
) -> None:
    """The yes is spent when the run went on by it: it goes back, but for where all traffic was given, as everywhere."""
    comes_to_wait(shop)
    say(here, shop, Answer.APPROVE)
    dies(runs, point)
    assert shop.walk(go_forward) is outcome, shop.data("ending")
    assert shop.stage.shares() == {"green" if outcome is Outcome.DEPLOYED else "blue": 100}


@pytest.mark.full_matrix
@pytest.mark.parametrize(
    "point", ["before note gate closed", "after note gate closed", "before note went back"]
)
def test_killed_after_a_no_it_goes_back_all_the_same(
    shop: DeployScene, here: Installation, runs: Runs, point: str
) -> None:
    comes_to_wait(shop)
    say(here, shop, Answer.REJECT)
    dies(runs, point)
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert (shop.stage.shares(), len(shop.data("went back"))) == ({"blue": 100}, 1)
    assert len(shop.data("gate closed")) == 1
    assert "no yes to more than 50 % for 3.0: bob (cli): as I see it" in shop.data("ending")[0]["why"]
