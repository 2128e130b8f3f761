"""What is said back to whoever pressed a button: a line that only they see, or a window."""

import http.client
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from pydantic import SecretStr

from blocks.channels.slack import Slack
from blocks.deadline import within
from domain.errors import ChannelRefused, Unreachable

TIMEOUT_S = 5
TOTAL_S = 8.0
LONGEST = 3000
SILENT = logging.getLogger("backout.slack.web")
"""The SDK logs addresses and bodies. Our errors say what is to be said."""
SILENT.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class SlackReplies:
    """Slack's Web API with one bot token. Raises Unreachable, and ChannelRefused where Slack does not want it."""

    token: SecretStr
    base_url: str

    @classmethod
    def of(cls, channel: Slack) -> Self:
        """By the token of a channel that has buttons."""
        if channel.token is None:
            raise ChannelRefused(channel.name, "it has no token")
        return cls(channel.token, channel.base_url)

    def tell_one(self, channel: str, user: str, text: str) -> None:
        """A line in the channel that only this member sees (`chat.postEphemeral`)."""
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:LONGEST]
        self._call(lambda web: web.chat_postEphemeral(channel=channel, user=user, text=escaped))

    def open_window(self, trigger: str, view: dict[str, Any]) -> None:
        """A window for whoever pressed (`views.open`), within 3 seconds of it."""
        self._call(lambda web: web.views_open(trigger_id=trigger, view=view))

    def _call(self, act: Callable[[Any], Any]) -> None:
        from slack_sdk import WebClient
        from slack_sdk.errors import SlackApiError

        web = WebClient(
            self.token.get_secret_value(), base_url=self.base_url, timeout=TIMEOUT_S, retry_handlers=[], logger=SILENT
        )  # fmt: skip
        try:
            within(TOTAL_S, lambda: act(web), "answer in Slack")
        except SlackApiError as error:
            raise ChannelRefused("slack", str(error.response.get("error", "no reason given"))[:80]) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable("Slack", self.base_url, type(error).__name__) from None
