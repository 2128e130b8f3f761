"""What an API may answer: other names, gaps, nonsense, refusals, nothing; each POST is counted."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.deployment_api import client
from blocks.deployment_api.client import DeploymentApiClient
from blocks.deployment_api.status import read
from blocks.deployment_api.switching import Switching, key_of
from blocks.platforms.contract import Ready, Unproven
from blocks.platforms.deployment_api import DeploymentApi
from blocks.routers.contract import Route
from domain.errors import CommandFailed, Conflict, SwitchUnclear, Unreachable
from domain.findings import Verdict
from tests.blocks.platforms.in_place_contract import SECRET, never_look
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply, Seen

NOON = "2026-11-22T12:00:00Z"
ONE = "2026-11-22T13:00:00Z"
BLUE = {"environment": "blue", "version": "1.0", "timestamp": NOON, "status": "success"}
GREEN = {"environment": "green", "version": "2.0", "timestamp": ONE, "status": "success"}


class Api:
    """Answers the status with what serves; each POST with the next of `posts`, which may move traffic."""

    def __init__(self) -> None:
        self.body: Any = {"currentEnvironment": "green", "deploymentHistory": [BLUE, GREEN]}
        self.posts: list[Reply] = []
        self.moves_at = 1
        self.seen: list[Seen] = []
        self.silent_after = 99

    def __call__(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            return Reply(close=True) if len(self.seen) >= self.silent_after else Reply(200, self.body)
        self.seen.append(seen)
        if len(self.seen) == self.moves_at:
            self.body = {**self.body, "currentEnvironment": "blue"}
        return self.posts.pop(0) if self.posts else Reply(200, {})

    @property
    def keys(self) -> list[str]:
        return [seen.headers["idempotency-key"] for seen in self.seen]


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def platform(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeploymentApi]:
    monkeypatch.setattr(client, "PAUSES_S", (0.01, 0.01))
    with HttpServer(api) as server:
        given = {"url": server.url, "token": SECRET, "settle_s": 0.1, "timeout_s": 2, "post_timeout_s": 0.5}
        yield DeploymentApi.model_validate({"kind": "deployment_api", **given})


def go_back(platform: DeploymentApi) -> None:
    assert platform.activate("blue", platform.route()).changed


@pytest.mark.parametrize(
    "reply", [Reply(200, {}), Reply(500), Reply(504), Reply(close=True), Reply(hang=True), Reply(409)]
)
def test_whatever_is_answered_the_status_decides(api: Api, platform: DeploymentApi, reply: Reply) -> None:
    api.posts = [reply]
    go_back(platform)
    assert len(api.seen) == 1


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), Reply(close=True), Reply(hang=True)])
def test_an_unclear_answer_and_an_unmoved_status_allow_one_more_post(
    api: Api, platform: DeploymentApi, reply: Reply
) -> None:
    api.posts, api.moves_at = [reply], 2
    go_back(platform)
    first, second = api.keys
    assert first == second


def test_after_the_second_nothing_is_sent_any_more(api: Api, platform: DeploymentApi) -> None:
    api.posts, api.moves_at = [Reply(502), Reply(close=True)], 99
    with pytest.raises(SwitchUnclear, match=r"from green to blue .*502.*closed") as raised:
        go_back(platform)
    assert len(api.seen) == 2
    assert SECRET not in str(raised.value)


def test_an_accepted_post_that_moves_nothing_is_not_sent_again(api: Api, platform: DeploymentApi) -> None:
    api.moves_at = 99
    with pytest.raises(SwitchUnclear, match="answered with 200"):
        go_back(platform)
    assert len(api.seen) == 1


def test_no_second_post_where_the_status_cannot_be_asked(api: Api, platform: DeploymentApi) -> None:
    api.posts, api.moves_at, api.silent_after = [Reply(500)], 99, 1
    with pytest.raises(SwitchUnclear, match="cannot be asked"):
        go_back(platform)
    assert len(api.seen) == 1


def test_no_second_post_where_the_history_went_on(api: Api, platform: DeploymentApi) -> None:
    """It may have switched there and back: what serves is the same, how it came to that is not."""

    def switched_twice(seen: Seen) -> Reply:
        api.seen.append(seen)
        api.body["deploymentHistory"] = [BLUE, GREEN, {**BLUE, "timestamp": ONE}, {**GREEN, "timestamp": ONE}]
        return Reply(500)

    with HttpServer(lambda seen: switched_twice(seen) if seen.method == "POST" else api(seen)) as server:
        elsewhere = platform.model_copy(update={"url": server.url})
        with pytest.raises(SwitchUnclear):
            go_back(elsewhere)
    assert len(api.seen) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_a_refusal_changed_nothing_and_is_not_repeated(
    api: Api, platform: DeploymentApi, status: int
) -> None:
    api.posts, api.moves_at = [Reply(status)], 99
    with pytest.raises(CommandFailed, match=f"ended with {status}.*nothing was changed") as raised:
        go_back(platform)
    assert len(api.seen) == 1
    assert not raised.value.retryable


def test_a_post_that_never_left_may_be_tried_again() -> None:
    before = read({"currentEnvironment": "green", "deploymentHistory": [BLUE, GREEN]})
    nobody = DeploymentApiClient("http://127.0.0.1:1", {}, 1, 1)
    with pytest.raises(Unreachable, match="refused"):
        Switching(nobody, before, "blue", 0.1).run()


def test_a_third_environment_is_a_conflict(api: Api, platform: DeploymentApi) -> None:
    route = platform.route()
    api.body["currentEnvironment"] = "canary"
    with pytest.raises(Conflict):
        platform.activate("blue", route)
    assert api.seen == []


def test_only_the_previous_environment_can_be_gone_back_to(api: Api, platform: DeploymentApi) -> None:
    canary = {**BLUE, "environment": "canary", "timestamp": "2026-11-21T12:00:00Z"}
    api.body["deploymentHistory"] = [canary, BLUE, GREEN]
    with pytest.raises(Conflict, match="go back to"):
        platform.activate("canary", platform.route())
    assert api.seen == []


def test_the_key_is_of_the_step_and_of_the_state(platform: DeploymentApi) -> None:
    before = read({"currentEnvironment": "green", "deploymentHistory": [BLUE, GREEN]})
    later = read({"currentEnvironment": "green", "deploymentHistory": [BLUE, GREEN, BLUE, GREEN]})
    assert key_of(platform.url, before, "blue") == key_of(platform.url, before, "blue")
    assert len({key_of(platform.url, state, "blue") for state in (before, later)}) == 2


def test_a_question_is_asked_again(platform: DeploymentApi) -> None:
    replies = [Reply(503), Reply(close=True), Reply(200, {"currentEnvironment": "green"})]
    with HttpServer(lambda _seen: replies.pop(0)) as server:
        assert platform.model_copy(update={"url": server.url}).route().slot == "green"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(500), "got 500"),
        (Reply(200, "<html>"), "no JSON"),
        (Reply(200, []), "no JSON object"),
        (Reply(200, {"environment": "green"}), "no currentEnvironment"),
        (Reply(200, {"currentEnvironment": "a\nb"}), "no currentEnvironment"),
        (Reply(200, "9" * (client.LONGEST_STATUS + 1)), "longer than"),
    ],
)
def test_a_status_that_is_none_is_unreachable(platform: DeploymentApi, reply: Reply, told: str) -> None:
    with HttpServer(lambda _seen: reply) as server, pytest.raises(Unreachable, match=told):
        platform.model_copy(update={"url": server.url}).route()


def test_a_certificate_that_nobody_trusts_is_refused(platform: DeploymentApi, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as server, pytest.raises(Unreachable, match="not trusted"):
        platform.model_copy(update={"url": server.url}).route()
    assert server.seen == []


@pytest.mark.parametrize("over", [{"status": "failed"}, {"success": False}, {"status": "in_progress"}])
def test_a_previous_release_that_did_not_end_well_is_unproven(
    api: Api, platform: DeploymentApi, over: dict[str, Any]
) -> None:
    api.body["deploymentHistory"] = [{**BLUE, **over}, GREEN]
    outcome = platform.prepare("blue", never_look)
    assert isinstance(outcome, Unproven)
    assert "did not end well" in outcome.reason
    assert platform.examine()[1].finding.verdict is Verdict.BAD
    [_green, blue] = platform.history()
    assert blue.served_since is None


def test_what_serves_is_ready(platform: DeploymentApi) -> None:
    assert isinstance(platform.prepare("green", never_look), Ready)


def test_the_evidence_holds_no_secret_of_the_api(api: Api, platform: DeploymentApi) -> None:
    api.body |= {"apiToken": "hidden", "note": f"called with {SECRET}", "list": [{"password": "hidden"}]}
    text = platform.configuration()["deployment-status.json"]
    assert "hidden" not in text
    assert SECRET not in text


def test_the_token_travels_in_the_header_that_was_chosen(api: Api, platform: DeploymentApi) -> None:
    platform.model_copy(update={"header": "X-Api-Key", "scheme": ""}).activate("blue", platform.route())
    [seen] = api.seen
    assert seen.headers["x-api-key"] == SECRET
    assert "authorization" not in seen.headers


def test_an_expected_route_of_another_time_is_a_conflict(api: Api, platform: DeploymentApi) -> None:
    with pytest.raises(Conflict):
        platform.activate("blue", Route(slot="green", stamp="of another time"))
    assert api.seen == []
