"""The `slack` channel: an incident's thread, whose first message shows the newest state; and what Slack asks of us."""

import pytest

from domain.errors import ToldToWait, Unreachable
from domain.message import Moment
from tests.blocks.channels.contract import message
from tests.blocks.channels.test_slack import by_token, channel_of
from tests.fakes.http_server import HttpServer, Reply
from tests.fakes.slack import CHANNEL, NAME, TOKEN, FakeSlack


def test_an_incident_is_one_thread(slack: FakeSlack) -> None:
    channel = by_token(slack)
    thread = channel.send(message("first"), None)
    assert channel.send(message("second"), thread) == thread
    first, second = slack.posted
    assert thread == f"{CHANNEL}:{first['ts']}"
    assert (first.get("thread_ts"), second["thread_ts"]) == (None, first["ts"])


@pytest.mark.parametrize("channel", [CHANNEL, NAME])
def test_the_first_message_shows_the_newest_state_and_the_thread_the_details(
    slack: FakeSlack, channel: str
) -> None:
    way = by_token(slack, channel=channel)
    thread = way.send(message("started"), None)
    way.send(message("update", "all the details", facts={"Status": "waiting", "ETA": "2 min"}), thread)
    way.send(message("ended", facts={"Status": "<well>", "Version": "1.0"}), thread)
    first = slack.posted[0]["ts"]
    newest = slack.updated[first][-1]["blocks"]
    assert len(slack.updated[first]) == 2
    assert newest[0]["text"]["text"] == "ended"
    assert [one["text"] for one in newest[1]["fields"]] == ["*Status*\n&lt;well&gt;", "*Version*\n1.0"]
    assert slack.posted[1]["blocks"][1]["text"]["text"] == "all the details"


def test_a_first_message_that_was_deleted_keeps_nothing_back(slack: FakeSlack) -> None:
    way = by_token(slack)
    thread = way.send(message("started"), None)
    slack.gone.add(slack.posted[0]["ts"])
    assert way.send(message("second"), thread) == thread
    assert slack.posted[1]["text"].startswith("second")
    assert slack.updated == {}


@pytest.mark.parametrize(
    ("moment", "shown"), [(Moment.ASKED, True), (Moment.ESCALATED, True), (Moment.UPDATE, False)]
)
def test_what_somebody_must_act_on_is_not_hidden_in_the_thread(
    slack: FakeSlack, moment: Moment, shown: bool
) -> None:
    way = by_token(slack)
    way.send(message("second", moment=moment), way.send(message(), None))
    assert bool(slack.posted[1].get("reply_broadcast")) is shown


@pytest.mark.parametrize("settings", [{"token": TOKEN, "channel": CHANNEL}, {}])
def test_a_certificate_that_nobody_trusts_is_not_spoken_to(
    secure: HttpServer, settings: dict[str, str]
) -> None:
    address = {"base_url": f"{secure.url}/api/"} if settings else {"webhook_url": f"{secure.url}/hunter2"}
    channel = channel_of(**settings, **address)
    with pytest.raises(Unreachable) as caught:
        channel.send(message(), None)
    assert "hunter2" not in str(caught.value)
    assert secure.seen == []


def test_slack_says_how_long_to_wait(slack: FakeSlack) -> None:
    slack.instead = Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"})
    with pytest.raises(ToldToWait) as caught:
        by_token(slack).send(message(), None)
    assert caught.value.wait_s == 30


def test_bold_is_slacks_own_and_text_from_an_alert_still_links_nothing(slack: FakeSlack) -> None:
    by_token(slack).send(message(text=r"**Reason**: &lt;!channel&gt; \*x\* &amp;lt;"), None)
    section = slack.posted[0]["blocks"][1]["text"]["text"]
    assert section == "*Reason*: &lt;!channel&gt; *x* &amp;lt;"
