"""`POST /slack/actions` on a real port: Slack's signature is its only credential, and it is answered before it is done."""

import time
from collections.abc import Iterator

import httpx
import pytest

from blocks.installation import Installation
from blocks.slack.signature import sign
from deployments.gateway.slack_actions import LONGEST_BODY
from deployments.slack_socket import connections
from domain.request import Request
from tests.blocks.incidents import plan
from tests.deployments.gateway.conftest import known
from tests.fakes.slack import CHANNEL, TOKEN
from tests.fakes.slack_socket import APP_TOKEN, SECRET, PressedSlack, over_http, pressed

APP = "slack/production"
PATH = "/slack/actions"


@pytest.fixture
def slack() -> Iterator[PressedSlack]:
    with PressedSlack() as running:
        yield running


@pytest.fixture
def channel(slack: PressedSlack) -> dict[str, str]:
    return {
        "kind": "slack",
        "token": TOKEN,
        "channel": CHANNEL,
        "signing_secret": SECRET,
        "base_url": slack.api,
    }


@pytest.fixture
def stranger(address: str, here: Installation, channel: dict[str, str]) -> Iterator[httpx.Client]:
    """Somebody without the API's token; an application with a signing secret is applied."""
    bob = {"role": "lead", "reach": "+49", "identities": {"unix": "bob", "slack": "U0BOB"}}
    known(here, APP, channels=[channel], contacts=[bob])
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as made:
        yield made


def signed(body: bytes, secret: str = SECRET, age_s: float = 0) -> dict[str, str]:
    stamp = str(int(time.time() - age_s))
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": sign(secret, body, stamp),
        "Content-Type": "application/x-www-form-urlencoded",
    }


def incident(here: Installation, application: str = APP) -> str:
    begun = here.store.begin(Request(application=application, by="ann"), f"run of {application}")
    if begun.hold is not None:
        asked = plan().model_copy(update={"application": application})
        here.store.keep_plan(begun.hold, asked)
    return begun.incident.id


def test_a_signed_press_is_taken_and_its_member_is_told(
    stranger: httpx.Client, here: Installation, slack: PressedSlack
) -> None:
    body = over_http(pressed("backout_approve", incident(here), "U0BOB"))
    answer = stranger.post(PATH, content=body, headers=signed(body))
    assert (answer.status_code, answer.content) == (200, b"")
    slack.wait(lambda: slack.whispers)
    assert "it asks nobody" in slack.whispers[0][1]


@pytest.mark.parametrize("secret", ["another", ""])
def test_what_slack_did_not_sign_is_refused(stranger: httpx.Client, secret: str) -> None:
    body = over_http(pressed("backout_approve", "inc-1", "U0BOB"))
    assert stranger.post(PATH, content=body, headers=signed(body, secret)).status_code == 401


def test_a_recorded_request_is_no_use_later(stranger: httpx.Client) -> None:
    body = over_http(pressed("backout_approve", "inc-1", "U0BOB"))
    assert stranger.post(PATH, content=body, headers=signed(body, age_s=301)).status_code == 401
    assert stranger.post(PATH, content=body + b"&x=1", headers=signed(body)).status_code == 401
    assert stranger.post(PATH, content=body).status_code == 401


def test_the_apis_token_is_no_signature(client: httpx.Client) -> None:
    assert client.post(PATH, content=b"payload={}").status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=[", b"payload=" + b"[" * 5000, b"\xff", b"payloads={}"]
)
def test_what_is_signed_and_no_interaction_is_refused(stranger: httpx.Client, body: bytes) -> None:
    assert stranger.post(PATH, content=body, headers=signed(body)).status_code == 400


def test_a_body_that_is_too_long_is_not_read(stranger: httpx.Client) -> None:
    body = b"payload=" + b"x" * LONGEST_BODY
    assert stranger.post(PATH, content=body, headers=signed(body)).status_code == 413


def test_one_applications_slack_says_nothing_of_anothers_incident(
    stranger: httpx.Client, here: Installation, slack: PressedSlack, channel: dict[str, str]
) -> None:
    known(here, "other/production", channels=[{**channel, "signing_secret": "another"}])
    theirs = over_http(pressed("backout_approve", incident(here, "other/production"), "U0BOB"))
    assert stranger.post(PATH, content=theirs, headers=signed(theirs)).status_code == 200
    ours = over_http(pressed("backout_approve", incident(here), "U0BOB"))
    stranger.post(PATH, content=ours, headers=signed(ours))
    slack.wait(lambda: slack.whispers)
    assert [APP in said or "it asks nobody" in said for _user, said in slack.whispers] == [True]


@pytest.fixture
def second() -> Iterator[PressedSlack]:
    with PressedSlack() as running:
        yield running


@pytest.fixture
def two_apps(
    stranger: httpx.Client, here: Installation, channel: dict[str, str], second: PressedSlack
) -> list[dict[str, str]]:
    """One application that asks in two Slacks, each with an app of its own."""
    del stranger
    bob = {"role": "lead", "reach": "+49", "identities": {"unix": "bob", "slack": "U0BOB"}}
    theirs = {**channel, "name": "theirs", "signing_secret": "of the second", "base_url": second.api}
    channels = [{**one, "app_token": APP_TOKEN} for one in (channel, theirs)]
    known(here, APP, channels=channels, contacts=[bob])
    return channels


@pytest.mark.usefixtures("two_apps")
def test_the_app_that_asked_answers(
    stranger: httpx.Client, here: Installation, slack: PressedSlack, second: PressedSlack
) -> None:
    body = over_http(pressed("backout_approve", incident(here), "U0BOB"))
    assert stranger.post(PATH, content=body, headers=signed(body, "of the second")).status_code == 200
    second.wait(lambda: second.whispers)
    assert slack.whispers == []


@pytest.mark.usefixtures("two_apps")
def test_the_app_that_asked_answers_over_its_connection(
    here: Installation, slack: PressedSlack, second: PressedSlack
) -> None:
    with connections(here.home) as made:
        made.bring_in_line()
        second.connected()
        second.send(pressed("backout_approve", incident(here), "U0BOB"))
        second.wait(lambda: second.whispers)
    assert slack.whispers == []


def test_of_an_apps_channels_the_one_that_was_pressed_in_answers(
    stranger: httpx.Client, here: Installation, slack: PressedSlack, channel: dict[str, str]
) -> None:
    """An app that is installed in two workspaces has one secret, and a token for each."""
    elsewhere = {**channel, "name": "elsewhere", "token": "xoxb-elsewhere", "channel": "C0ELSEWHERE"}
    known(here, APP, channels=[elsewhere, channel])
    body = over_http(pressed("backout_approve", incident(here), "U0BOB"))
    stranger.post(PATH, content=body, headers=signed(body))
    slack.wait(lambda: slack.whispers)
