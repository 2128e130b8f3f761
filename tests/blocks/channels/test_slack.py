"""The `slack` channel against a Slack on loopback."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.channels import slack as slack_module
from blocks.channels.slack import Slack
from domain.errors import ChannelRefused, Unreachable
from tests.blocks.channels.contract import ChannelContract, message
from tests.fakes.http_server import Reply
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack


def channel_of(**settings: Any) -> Slack:
    made = adapter_class("channels", "slack").model_validate({"kind": "slack", **settings})
    assert isinstance(made, Slack)
    return made


def by_token(slack: FakeSlack, **settings: Any) -> Slack:
    return channel_of(**{"token": TOKEN, "channel": CHANNEL, "base_url": slack.api, **settings})


def by_webhook(slack: FakeSlack) -> Slack:
    return channel_of(webhook_url=slack.webhook)


WAYS = [by_token, by_webhook]


class TestSlackByToken(ChannelContract):
    @pytest.fixture
    def channel(self, slack: FakeSlack) -> Slack:
        return by_token(slack)

    @pytest.fixture
    def unreachable(self, nobody: str) -> Slack:
        return channel_of(token="hunter2", channel=CHANNEL, base_url=nobody.replace("hunter2", "api"))

    @pytest.fixture
    def said(self, slack: FakeSlack) -> Callable[[], list[str]]:
        return lambda: [json.dumps(posted, ensure_ascii=False) for posted in slack.posted]


class TestSlackByWebhook(TestSlackByToken):
    @pytest.fixture
    def channel(self, slack: FakeSlack) -> Slack:
        return by_webhook(slack)

    @pytest.fixture
    def unreachable(self, nobody: str) -> Slack:
        return channel_of(webhook_url=nobody)


def test_a_webhook_has_no_thread(slack: FakeSlack) -> None:
    assert by_webhook(slack).send(message(), None) is None


def test_a_message_is_header_section_and_context(slack: FakeSlack) -> None:
    by_token(slack).send(message(head="abc123"), None)
    header, section, context = slack.posted[0]["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "Rolling back", "emoji": False}
    assert section["text"]["text"] == "2.1.0 answers http 503"
    assert context["elements"][0]["text"] == "shop/production · critical · incident inc-1 · journal abc123"


@pytest.mark.parametrize("way", WAYS)
def test_text_from_an_alert_mentions_and_links_nothing(
    slack: FakeSlack, way: Callable[[FakeSlack], Slack]
) -> None:
    way(slack).send(message("<!channel>", "<!here> <https://evil.example|ok> a & b"), None)
    posted = slack.posted[0]
    assert posted["text"] == "&lt;!channel&gt; (shop/production)"
    section = posted["blocks"][1]["text"]
    assert section["text"] == "&lt;!here&gt; &lt;https://evil.example|ok&gt; a &amp; b"
    assert section["verbatim"] is True


@pytest.mark.parametrize("shift", range(6))
def test_a_long_text_is_not_cut_inside_an_escape(slack: FakeSlack, shift: int) -> None:
    by_token(slack).send(message(text="x" * shift + "&" * 3000), None)
    text = slack.posted[0]["blocks"][1]["text"]["text"]
    assert len(text) <= 3000
    assert text == "x" * shift + "&amp;" * text.count("&") + "…"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (
            Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
            "http 429, asks to wait 30 s",
        ),
        (Reply(429, "slow down", {"Retry-After": "soon"}), "http 429"),
        (Reply(500, "hunter2"), "http 500"),
        (Reply(503, {"ok": False, "error": "service_unavailable"}), "http 503"),
        (Reply(close=True), "RemoteDisconnected"),
    ],
)
def test_what_may_pass_is_tried_again_later(
    slack: FakeSlack, way: Callable[[FakeSlack], Slack], reply: Reply, why: str
) -> None:
    slack.instead = reply
    with pytest.raises(Unreachable, match=why) as caught:
        way(slack).send(message(), None)
    assert "hunter2" not in str(caught.value)
    assert len(slack.seen) == 1


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "a page of a proxy", ""])
def test_slacks_own_trouble_is_tried_again_later(slack: FakeSlack, error: str) -> None:
    slack.instead = Reply(body={"ok": False, "error": error})
    with pytest.raises(Unreachable):
        by_token(slack).send(message(), None)


def test_an_answer_that_is_not_slacks_is_tried_again_later(slack: FakeSlack) -> None:
    slack.instead = Reply(body="<html>log in to the hotel's network</html>")
    with pytest.raises(Unreachable, match="http 200"):
        by_token(slack).send(message(), None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(body="", trickle=True)])
def test_a_slack_that_hangs_is_tried_again_later(
    slack: FakeSlack, way: Callable[[FakeSlack], Slack], reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_module, "TOTAL_S", 0.5)
    slack.instead = reply
    with pytest.raises(Unreachable):
        way(slack).send(message(), None)


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"token": "xoxb-hunter2"}, "invalid_auth"), ({"channel": "C0NOWHERE"}, "channel_not_found")],
)
def test_what_slack_refuses_is_not_tried_again(slack: FakeSlack, settings: dict[str, str], why: str) -> None:
    with pytest.raises(ChannelRefused, match=why) as caught:
        by_token(slack, **settings).send(message(), None)
    assert not caught.value.retryable
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "reply", [Reply(404, "no_service"), Reply(410, "channel_is_archived"), Reply(403, "action_prohibited")]
)
def test_a_webhook_that_is_gone_is_not_tried_again(slack: FakeSlack, reply: Reply) -> None:
    slack.instead = reply
    with pytest.raises(ChannelRefused, match=str(reply.body)):
        by_webhook(slack).send(message(), None)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "either token and channel, or webhook_url"),
        ({"token": "hunter2"}, "either token and channel, or webhook_url"),
        ({"channel": CHANNEL}, "either token and channel, or webhook_url"),
        (
            {"token": "hunter2", "channel": "c", "webhook_url": "https://h/hunter2"},
            "either token and channel",
        ),
        ({"webhook_url": "http://hooks.example/hunter2"}, "not an https address"),
        ({"token": "hunter2", "channel": "c", "base_url": "http://slack.example/"}, "not an https address"),
    ],
)
def test_bad_settings_raise_and_show_no_secret(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as caught:
        channel_of(**settings)
    assert "hunter2" not in str(caught.value)


def test_secrets_are_never_shown_or_logged(slack: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for channel in (by_token(slack), by_webhook(slack)):
        channel.send(message(), None)
        shown = repr(channel) + channel.model_dump_json() + caplog.text
        assert TOKEN not in shown
        assert "hunter2" not in shown
