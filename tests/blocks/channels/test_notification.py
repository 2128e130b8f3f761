"""The `notification` channel with real blocks of Prefect, whose services are loopback servers."""

import json
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.blocks.notifications import CustomWebhookNotificationBlock, MattermostWebhook
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr, ValidationError

from blocks.adapter import adapter_class
from blocks.channels import notification as notification_module
from blocks.channels.notification import Notification
from domain.errors import ChannelRefused, ToldToWait, Unreachable
from domain.severity import Severity
from tests.blocks.channels.contract import ChannelContract, message
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply

TOKEN = "hunter2hunter2hunter2hunte"
HOOK = f"/hooks/{TOKEN}"


def notification(block: str = "mattermost-webhook/ops", **settings: Any) -> Notification:
    made = adapter_class("channels", "notification").model_validate(
        {"kind": "notification", "block": block, **settings}
    )
    assert isinstance(made, Notification)
    return made


def by_apprise(url: str) -> Block:
    port = int(url.rpartition(":")[2])
    return MattermostWebhook(hostname="127.0.0.1", port=port, token=SecretStr(TOKEN))


def by_webhook(url: str) -> Block:
    return CustomWebhookNotificationBlock(
        name="ops", url=f"{url}{HOOK}", json_data={"text": "{{subject}}\n{{body}}"}, timeout=5
    )


WAYS = [by_apprise, by_webhook]


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.replies[HOOK] = Reply(body="ok")
        yield running


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Block], None]]:
    """Gives the block that Prefect would."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        yield lambda block: monkeypatch.setattr(notification_module, "loaded", lambda *_arguments: block)


class TestByApprise(ChannelContract):
    way = staticmethod(by_apprise)

    @pytest.fixture
    def channel(self, server: HttpServer, use: Callable[[Block], None]) -> Notification:
        use(self.way(server.url))
        return notification()

    @pytest.fixture
    def unreachable(self) -> Notification:
        return notification()

    @pytest.fixture
    def said(self, server: HttpServer) -> Callable[[], list[str]]:
        return lambda: [json.dumps(seen.json(), ensure_ascii=False) for seen in server.seen]


class TestByWebhook(TestByApprise):
    way = staticmethod(by_webhook)


class TestBySms(TestByApprise):
    """A text message says little, and is for phones."""

    @pytest.fixture
    def channel(self, server: HttpServer, use: Callable[[Block], None]) -> Notification:
        use(self.way(server.url))
        return notification("twilio-sms/on-call")

    @pytest.fixture
    def usual(self) -> Sequence[Severity]:
        return [Severity.CRITICAL]

    @pytest.fixture
    def parts(self) -> Sequence[str]:
        return ("Rolling back", "shop/production", "inc-1", "critical")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [500, 503])
def test_what_may_pass_is_tried_again_later(
    server: HttpServer, use: Callable[[Block], None], way: Callable[[str], Block], status: int
) -> None:
    server.replies[HOOK] = Reply(status, TOKEN)
    use(way(server.url))
    with pytest.raises(Unreachable, match=f"http {status}") as caught:
        notification().send(message(), None)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_it_refuses_is_not_tried_again(
    server: HttpServer, use: Callable[[Block], None], way: Callable[[str], Block], status: int
) -> None:
    server.replies[HOOK] = Reply(status, TOKEN)
    use(way(server.url))
    with pytest.raises(ChannelRefused, match=f"http {status}") as caught:
        notification().send(message(), None)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
def test_too_many_is_tried_again_later(
    server: HttpServer, use: Callable[[Block], None], way: Callable[[str], Block]
) -> None:
    server.replies[HOOK] = Reply(429, "", {"Retry-After": "30"})
    use(way(server.url))
    with pytest.raises(Unreachable, match="http 429") as caught:
        notification().send(message(), None)
    assert isinstance(caught.value, ToldToWait) is (
        way is by_webhook
    )  # Apprise does not tell what the header said


@pytest.mark.parametrize("way", WAYS)
def test_one_that_hangs_is_tried_again_later(
    server: HttpServer,
    use: Callable[[Block], None],
    way: Callable[[str], Block],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notification_module, "TOTAL_S", 0.3)
    server.replies[HOOK] = Reply(hang=True)
    use(way(server.url))
    with pytest.raises(Unreachable, match="it took more than"):
        notification().send(message(), None)


def test_a_certificate_that_nobody_trusts_is_not_spoken_to(
    tmp_path: Path, use: Callable[[Block], None]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as server:
        use(by_webhook(server.url))
        with pytest.raises(Unreachable):
            notification().send(message(), None)
        assert server.seen == []


def test_a_block_that_does_not_notify_is_refused(use: Callable[[Block], None]) -> None:
    use(Secret(value=SecretStr("hunter2")))
    with pytest.raises(ChannelRefused, match="does not notify"):
        notification("secret/x").send(message(), None)


@pytest.mark.parametrize("slug", ["pager-duty-webhook", "opsgenie-webhook", "twilio-sms"])
def test_phones_hear_what_is_critical(slug: str) -> None:
    channel = notification(f"{slug}/on-call")
    assert [one for one in Severity if channel.hears(message(severity=one))] == [Severity.CRITICAL]


def test_mailboxes_hear_all_but_low() -> None:
    channel = notification("sendgrid-email/team")
    assert [one for one in Severity if channel.hears(message(severity=one))] == list(Severity)[:3]


@pytest.mark.parametrize("block", ["ops", "Mattermost/ops", "a/b/c", "mattermost-webhook/"])
def test_what_is_no_reference_raises(block: str) -> None:
    with pytest.raises(ValidationError):
        notification(block)
