"""What Backout makes of the answers of Prefect's API, and of what stands before it."""

from collections.abc import Iterator

import pytest

from deployments.prefect_api import PrefectApi
from domain.errors import PrefectUnavailable
from tests.fakes.http_server import HttpServer, Reply


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as made:
        yield made


def test_events_are_taken_only_where_prefect_says_so(server: HttpServer) -> None:
    with PrefectApi(f"{server.url}/api") as api:
        with pytest.raises(PrefectUnavailable, match="POST /events got 404"):
            api.emit({"event": "one"})
        server.replies["/api/events"] = Reply(500, "ow")
        with pytest.raises(PrefectUnavailable, match="got 500, it could not do it"):
            api.emit({"event": "one"})
        server.replies["/api/events"] = Reply(204, b"")
        api.emit({"event": "one"})


def test_what_is_not_there_is_none(server: HttpServer) -> None:
    with PrefectApi(f"{server.url}/api") as api:
        assert api.application("shop/production") is None
        server.replies["/api/flow_runs/filter"] = Reply(200, "<html>")
        with pytest.raises(PrefectUnavailable, match="is this Prefect's API"):
            api.runs(["shop/production"])
