"""Putting a release in place where the API server is away, busy, or no longer takes the credential; on a real cluster."""

from collections.abc import Iterator
from typing import Any

import pytest

from blocks.kubernetes import activation
from blocks.kubernetes.rollout import wait_for
from blocks.platforms.kubernetes import Kubernetes
from domain.errors import NotLoggedIn
from tests.blocks.kubernetes.api_proxy import ApiProxy, Fault
from tests.blocks.kubernetes.deployed import NEW, OLD, Jarvis

pytestmark = pytest.mark.cluster
AWAY_S = 5.0
CONFLICT, TOO_MANY = Fault(409), Fault(429, headers={"Retry-After": "1"})


@pytest.fixture
def proxy() -> Iterator[ApiProxy]:
    with ApiProxy() as here:
        yield here


@pytest.fixture
def through(jarvis: Jarvis, proxy: ApiProxy) -> Kubernetes:
    """The platform, behind the proxy."""
    return jarvis.platform(
        cluster={"namespace": jarvis.namespace, "credentials": proxy.kubeconfig(), "away_s": 30}
    )


def test_an_api_server_that_goes_away_in_the_middle_is_waited_for(
    jarvis: Jarvis, proxy: ApiProxy, through: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*arguments: Any) -> None:
        back = proxy.away_for(AWAY_S)
        wait_for(*arguments)
        back.join()

    monkeypatch.setattr(activation, "wait_for", gone)
    assert through.activate(OLD, through.route()).changed
    assert jarvis.answering() == through.route().slot == OLD


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault(cut=True)], id="its answer is lost"),
        pytest.param([CONFLICT, CONFLICT], id="a conflict", marks=pytest.mark.full_matrix),
        pytest.param([Fault(drop=True)], id="it is lost", marks=pytest.mark.full_matrix),
        pytest.param([TOO_MANY], id="too many", marks=pytest.mark.full_matrix),
    ],
)
def test_a_change_is_made_once_whatever_becomes_of_the_first_try(
    jarvis: Jarvis, proxy: ApiProxy, through: Kubernetes, faults: list[Fault]
) -> None:
    route = through.route()
    numbers = [slot.also[0] for slot in through.slots()]
    proxy.fail(*faults, method="PUT")
    assert through.activate(OLD, route).changed
    assert jarvis.answering() == OLD
    assert int(through.slot(OLD).also[0]) == max(int(one) for one in numbers) + 1


@pytest.mark.full_matrix
def test_a_token_that_expires_in_the_middle_is_said_and_the_next_start_goes_on(
    jarvis: Jarvis, proxy: ApiProxy, through: Kubernetes
) -> None:
    route = through.route()
    changes: list[str] = []

    def expired(asked: Any) -> Fault | None:
        changes.extend([asked.path] if asked.method == "PUT" else [])
        return Fault(401) if len(changes) > 1 else None

    proxy.which = expired
    with pytest.raises(NotLoggedIn, match="401"):
        through.activate(OLD, route)
    proxy.fail()
    assert through.route().slot == NEW
    assert through.activate(OLD, through.route()).changed
    assert jarvis.answering() == OLD
