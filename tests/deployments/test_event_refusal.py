"""Which answers of Prefect are about the event, and which are ours to mend, or pass."""

from collections.abc import Iterator

import httpx
import pytest

from deployments.event_refusal import NOT_OF_THE_EVENT, EventsRefused, emit, reason
from deployments.prefect_api import PrefectApi
from domain.errors import PrefectUnavailable
from tests.fakes.http_server import HttpServer, Reply, Seen

LISTED = {"exception_detail": [{"loc": ["body", 3, "resource"], "msg": "Value error", "input": "hunter2"}]}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as made:
        yield made


@pytest.mark.parametrize("status", [code for code in NOT_OF_THE_EVENT if code != 429])
def test_what_is_ours_to_mend_or_passes_is_tried_again(server: HttpServer, status: int) -> None:
    server.replies["/api/events"] = Reply(status, {})
    with PrefectApi(f"{server.url}/api") as api, pytest.raises(PrefectUnavailable, match=str(status)):
        api.emit({"event": "one"})


@pytest.mark.parametrize("status", [400, 409, 413, 422, 431])
def test_what_would_be_refused_tomorrow_is_refused(server: HttpServer, status: int) -> None:
    server.replies["/api/events"] = Reply(status, LISTED)
    with PrefectApi(f"{server.url}/api") as api, pytest.raises(EventsRefused) as refused:
        api.emit({"event": "one"})
    assert refused.value.what() == f"Prefect refuses the event: {status}, body.3.resource: Value error"
    assert refused.value.next_step()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b'{"detail": "not like this"}', "not like this"),
        (b'{"odd": 1}', "{'odd': 1}"),
        (b'["a", {"msg": "b"}]', "a; : b"),
        (b"<html>\nno</html>", "<html> no</html>"),
        (b"x" * 1000, f"{'x' * 299}…"),
    ],
)
def test_the_reason_is_one_line(said: bytes, words: str) -> None:
    assert reason(httpx.Response(400, content=said)) == words


def test_the_ones_that_are_refused_are_found_among_many() -> None:
    taken: list[str] = []

    def answer(seen: Seen) -> Reply:
        if seen.path != "/api/events":
            return Reply(404)
        found = [event["id"] for event in seen.json()]
        if {"7", "30"} & set(found):
            return Reply(422, LISTED)
        taken.extend(found)
        return Reply(204, b"")

    with HttpServer(answer) as server, PrefectApi(f"{server.url}/api") as api:
        refused = emit(api, [{"id": str(number)} for number in range(50)])
    assert sorted(refused) == ["30", "7"]
    assert sorted(map(int, taken)) == [number for number in range(50) if number not in {7, 30}]
    assert len(server.seen) < 50


def test_a_proxy_that_refuses_everything_refuses_no_event(server: HttpServer) -> None:
    server.replies["/api/events"] = Reply(400, "<html>")
    with PrefectApi(f"{server.url}/api") as api, pytest.raises(PrefectUnavailable, match="even no event"):
        emit(api, [{"id": "1"}])
