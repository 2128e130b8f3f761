"""What every channel must do whose service is asked over HTTP. A test class subclasses it, with the contract's fixtures."""

from typing import Any

import pytest

from blocks import json_service
from blocks.channels.contract import Channel
from domain.errors import ChannelRefused, ToldToWait, Unreachable
from tests.blocks.channels.contract import ChannelContract, message
from tests.fakes.http_server import HttpServer, Reply

LATER = [
    (Reply(429, "slow down", {"Retry-After": "soon"}), "http 429"),
    (Reply(420, "enhance your calm"), "http 420"),
    (Reply(408), "http 408"),
    (Reply(500, "hunter2"), "http 500"),
    (Reply(503, {"error": "hunter2"}), "http 503"),
    (Reply(302, "", {"Location": "https://hotel.example/"}), "http 302"),
    (Reply(200, "<html>log in to the hotel's network</html>"), "no JSON"),
    (Reply(close=True), "closed"),
]


class ServiceContract(ChannelContract):
    """More fixtures of the subclass.

    `server`: the fake, with `instead`. `base`: makes the channel of a base URL. `secret`: what no error may hold.
    """

    def test_it_waits_as_long_as_it_is_told_to(self, channel: Channel, server: Any) -> None:
        server.instead = Reply(429, {"message": "Rate limit exceeded"}, {"Retry-After": "30"})
        with pytest.raises(ToldToWait, match="asks to wait 30 s") as caught:
            channel.send(message(), None)
        assert caught.value.retryable
        assert caught.value.wait_s == 30

    @pytest.mark.parametrize(("reply", "why"), LATER)
    def test_what_may_pass_is_tried_again_later(
        self, channel: Channel, server: Any, secret: str, reply: Reply, why: str
    ) -> None:
        server.instead = Reply(
            reply.status, reply.body and str(reply.body).replace("hunter2", secret), reply.headers, close=reply.close
        )  # fmt: skip
        with pytest.raises(Unreachable, match=why) as caught:
            channel.send(message(), None)
        assert secret not in str(caught.value)
        assert len(server.seen) == 1

    @pytest.mark.parametrize("reply", [Reply(hang=True), Reply(body="", trickle=True)])
    def test_one_that_hangs_is_tried_again_later(
        self, channel: Channel, server: Any, reply: Reply, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(json_service, "TOTAL_S", 0.3)
        server.instead = reply
        with pytest.raises(Unreachable, match="no whole answer"):
            channel.send(message(), None)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    def test_what_it_refuses_is_not_tried_again(
        self, channel: Channel, server: Any, secret: str, status: int
    ) -> None:
        server.instead = Reply(status, {"message": "no such thing", "errors": [f"key {secret} is unknown"]})
        with pytest.raises(ChannelRefused, match=f"http {status}: no such thing; key ") as caught:
            channel.send(message(), None)
        assert not caught.value.retryable
        assert secret not in str(caught.value)

    def test_a_certificate_that_nobody_trusts_is_not_spoken_to(self, base: Any, secure: HttpServer) -> None:
        with pytest.raises(Unreachable, match="TLS certificate is not trusted"):
            base(secure.url).send(message(), None)
        assert secure.seen == []

    def test_secrets_are_never_shown_or_logged(
        self, channel: Channel, secret: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        channel.send(message(), None)
        assert secret not in repr(channel) + channel.model_dump_json() + caplog.text
