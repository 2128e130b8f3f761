"""The API server away, busy, or cut off: through a proxy before the real one."""

from collections.abc import Iterator
from itertools import pairwise

import httpx2
import pytest

from blocks.kubernetes.api import Api
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import CONFIG_MAP, POD, POD_METRICS
from domain.errors import (
    ClusterForbids,
    ClusterUnavailable,
    CommandFailed,
    Conflict,
    NotLoggedIn,
)
from tests.blocks.kubernetes.api_proxy import ApiProxy, Fault
from tests.fakes.http_server import HttpServer, Reply

pytestmark = pytest.mark.cluster

DATA = {"metadata": {"name": "shop"}, "data": {"a": "1"}}
BUSY = Fault(429, "too many requests", {"Retry-After": "1"})
AWAY = Fault(503, "the server is currently unable to handle the request")


@pytest.fixture(scope="module")
def proxy(cluster: str) -> Iterator[ApiProxy]:  # noqa: ARG001 - there is one to stand before
    with ApiProxy() as made:
        yield made


@pytest.fixture
def asked(proxy: ApiProxy, cluster: str) -> Iterator[Cluster]:
    """The namespace behind the proxy, with the ConfigMap `shop` in it."""
    with proxy.settings(cluster, away_s=20).cluster() as connected:
        connected.remove(CONFIG_MAP, "shop")
        connected.create(CONFIG_MAP, DATA)
        proxy.seen.clear()
        yield connected
        proxy.which = lambda _asked: None
        connected.remove(CONFIG_MAP, "shop")


def change(cluster: Cluster, value: str) -> None:
    cluster.patch(CONFIG_MAP, "shop", {"data": {"a": value}})


def value(cluster: Cluster) -> str:
    return str(cluster.get(CONFIG_MAP, "shop")["data"]["a"])


def methods(proxy: ApiProxy) -> list[str]:
    return [one.method for one in proxy.seen]


def impatient(cluster: Cluster) -> Cluster:
    return Cluster(Api(cluster.api.http, cluster.api.address, away_s=0.7), cluster.namespace)


def test_a_question_waits_for_a_server_that_comes_back(proxy: ApiProxy, asked: Cluster) -> None:
    back = proxy.away_for(1.5)
    assert value(asked) == "1"
    back.join()


def test_a_change_waits_too_where_it_never_reached_the_server(proxy: ApiProxy, asked: Cluster) -> None:
    back = proxy.away_for(1.5)
    change(asked, "2")
    back.join()
    assert methods(proxy) == ["PATCH"]
    assert value(asked) == "2"


@pytest.mark.parametrize("fault", [Fault(cut=True), Fault(drop=True), AWAY, Fault(502), Fault(504)])
def test_a_question_is_asked_again(proxy: ApiProxy, asked: Cluster, fault: Fault) -> None:
    proxy.fail(fault, fault)
    assert value(asked) == "1"
    assert methods(proxy) == ["GET"] * 3


@pytest.mark.parametrize(("fault", "done"), [(Fault(cut=True), "2"), (Fault(drop=True), "1"), (AWAY, "1")])
def test_a_change_whose_answer_is_lost_is_never_sent_again(
    proxy: ApiProxy, asked: Cluster, fault: Fault, done: str
) -> None:
    proxy.fail(fault)
    with pytest.raises(ClusterUnavailable) as caught:
        change(asked, "2")
    assert caught.value.retryable, "who acts looks again, then decides"
    assert methods(proxy) == ["PATCH"]
    assert value(asked) == done


def test_a_server_that_stays_away_is_told(proxy: ApiProxy, asked: Cluster) -> None:
    with proxy.away(), pytest.raises(ClusterUnavailable, match=f"127.0.0.1:{proxy.port}.*refused"):
        value(impatient(asked))


def test_a_server_that_is_asked_too_much_is_given_its_time(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(BUSY, BUSY)
    change(asked, "2")
    assert methods(proxy) == ["PATCH"] * 3
    assert all(later.at - earlier.at >= 1 for earlier, later in pairwise(proxy.seen))
    proxy.fail(Fault(429, "busy", {"Retry-After": "3600"}))
    with pytest.raises(ClusterUnavailable, match="asked too much: busy"):
        change(asked, "3")
    assert value(asked) == "2"


@pytest.mark.parametrize("said", ["soon", "²", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_time_that_is_none_is_passed_over(proxy: ApiProxy, asked: Cluster, said: str) -> None:
    proxy.fail(Fault(429, headers={"Retry-After": said}))
    assert value(asked) == "1"


def test_a_store_that_is_being_moved_is_waited_for(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(Fault(500, "etcdserver: leader changed", {"Retry-After": "1"}))
    assert value(asked) == "1"
    proxy.fail(Fault(500, "a defect"))
    with pytest.raises(CommandFailed, match="500: a defect"):
        value(asked)


def test_a_credential_that_has_expired_is_said(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(Fault(401, "Unauthorized"))
    with pytest.raises(NotLoggedIn, match="has expired") as caught:
        change(asked, "2")
    assert not caught.value.retryable
    assert "made-up" not in str(caught.value)
    assert methods(proxy) == ["PATCH"]


def test_a_role_a_quota_and_a_webhook_are_told_apart(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(Fault(403, 'configmaps "shop" is forbidden: User "ci" cannot patch resource "configmaps"'))
    with pytest.raises(ClusterForbids, match='User "ci" cannot patch'):
        change(asked, "2")
    proxy.fail(Fault(403, 'configmaps "shop" is forbidden: exceeded quota: small'))
    with pytest.raises(CommandFailed, match="exceeded quota: small"):
        change(asked, "2")


def test_what_somebody_else_changed_is_not_changed(asked: Cluster) -> None:
    read = asked.get(CONFIG_MAP, "shop")
    change(asked, "2")
    version = {"metadata": {"resourceVersion": read["metadata"]["resourceVersion"]}}
    with pytest.raises(Conflict, match="patch configmaps shop"):
        asked.patch(CONFIG_MAP, "shop", {**version, "data": {"a": "3"}})
    with pytest.raises(Conflict):
        asked.replace(CONFIG_MAP, {**read, "data": {"a": "3"}})
    with pytest.raises(Conflict):
        asked.create(CONFIG_MAP, DATA)
    assert value(asked) == "2"


def test_an_addition_that_is_down_is_not_waited_for(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(AWAY)
    assert not asked.serves(POD_METRICS)
    assert asked.serves(POD)
    assert len(proxy.seen) == 2


def test_a_node_that_is_away_has_no_logs(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(AWAY)
    assert list(asked.log("shop-1", "main", 10)) == []
    assert len(proxy.seen) == 1


def test_whether_a_role_allows_something_is_a_question(proxy: ApiProxy, asked: Cluster) -> None:
    proxy.fail(Fault(drop=True))
    assert asked.may("patch", CONFIG_MAP)
    assert methods(proxy) == ["POST"] * 2


def test_an_answer_that_never_ends_is_given_up() -> None:
    with HttpServer() as server, httpx2.Client(base_url=server.url, timeout=0.2) as http:
        server.replies["/slow"] = Reply(hang=True)
        with pytest.raises(ClusterUnavailable, match="timed out"):
            Api(http, server.url, away_s=0.5).ask("GET", "/slow")
