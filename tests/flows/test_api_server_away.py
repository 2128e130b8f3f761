"""The API server goes away in the middle of a rollback, and comes back: the rollback ends right, and is done once."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from domain.outcomes import Outcome
from flows.path import take_back
from tests.blocks.kubernetes.api_proxy import ApiProxy, Asked, Fault
from tests.flows.cluster_stage import HAD, ClusterScene, ClusterStage

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("patient")]

CHANGES = ("PUT", "PATCH")


@pytest.fixture
def proxy(shop: ClusterStage) -> Iterator[ApiProxy]:  # noqa: ARG001 - there is a server to stand before
    with ApiProxy() as made:
        yield made


@pytest.fixture
def scene(shop: ClusterStage, proxy: ApiProxy, tmp_path: Path) -> ClusterScene:
    cluster = {"namespace": shop.cluster.namespace, "credentials": proxy.kubeconfig()}
    return shop.scene(tmp_path, platform={**shop.settings, "cluster": cluster})


def moves(asked: Asked) -> bool:
    """Whether it changes a Deployment."""
    return asked.method in CHANGES and "/deployments/" in asked.path


class Outage:
    """Begins with the change of this number, which the server still does."""

    def __init__(self, proxy: ApiProxy, at: int, seconds: float) -> None:
        self.proxy = proxy
        self.at = at
        self.seconds = seconds
        self.thread: Thread | None = None

    def __call__(self, asked: Asked) -> Fault | None:
        self.at -= moves(asked)
        if self.at == 0 and self.thread is None:
            self.thread = self.proxy.away_for(self.seconds)
        return None


@pytest.mark.full_matrix
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("seconds", [3, 20])
def test_it_is_waited_for(
    shop: ClusterStage, scene: ClusterScene, proxy: ApiProxy, at: int, seconds: float
) -> None:
    outage = Outage(proxy, at, seconds)
    proxy.which = outage
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.data("ending")
    assert outage.thread is not None
    outage.thread.join()
    assert shop.serving() == "1.0"
    assert shop.scaled() == HAD
    assert len(scene.data("switched")) == 1


@pytest.mark.full_matrix
def test_somebody_else_s_change_in_between_is_looked_at_again(
    shop: ClusterStage, scene: ClusterScene, proxy: ApiProxy
) -> None:
    faults = [
        Fault(409, "the object has been modified"),
        Fault(429, "too many requests", {"Retry-After": "1"}),
    ]
    proxy.which = lambda asked: faults.pop() if faults and moves(asked) else None
    assert scene.walk(take_back) is Outcome.ROLLED_BACK, scene.data("ending")
    assert faults == []
    assert shop.serving() == "1.0"


def test_a_token_that_expires_in_the_middle_is_said_and_nothing_was_changed(
    shop: ClusterStage, scene: ClusterScene, proxy: ApiProxy
) -> None:
    left = ["expired"]
    proxy.which = lambda asked: Fault(401, left.pop()) if left and moves(asked) else None
    assert scene.walk(take_back) in {Outcome.HELD, Outcome.STUCK, Outcome.WENT_BACK}
    assert "it is wrong, or has expired" in scene.report()
    assert shop.serving() == "2.0"
