"""`slack`: a thread an incident in a Slack channel, or single messages through an incoming webhook."""

import http.client
import logging
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from blocks.channels.contract import Channel
from blocks.deadline import within
from domain.errors import ChannelRefused, Unreachable
from domain.message import Message

SLACK = "https://slack.com/api/"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TIMEOUT_S = 8
"""Seconds for one operation of the connection; urllib knows no limit for all of them."""
TOTAL_S = 9.5
LONGEST_HEADER = 150
LONGEST_SECTION = 3000
"""Letters that Slack takes in a header and in a section (Block Kit reference)."""

TRY_LATER = (
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
)
SILENT = logging.getLogger("backout.slack")
"""The SDK logs addresses and bodies, and a webhook's address is a secret. Our errors say what is to be said."""
SILENT.setLevel(logging.CRITICAL + 1)

TOO_MANY = 429
SERVERS_FAULT = 500


def _safe(address: str) -> str:
    """A token goes over TLS, or does not leave this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("is not an https address")
    return address


def _safe_secret(address: SecretStr) -> SecretStr:
    _safe(address.get_secret_value())
    return address


class Slack(Channel):
    """Takes `token` and `channel`, or `webhook_url`. A webhook has no threads."""

    kind: Literal["slack"] = "slack"
    token: SecretStr | None = Field(
        default=None, description="Bot token with `chat:write`; a reference, `${SLACK_TOKEN}`."
    )
    channel: str | None = Field(default=None, min_length=1, description="Channel's id, or its name with `#`.")
    webhook_url: SecretStr | None = Field(
        default=None, description="Incoming webhook, instead of token and channel."
    )
    base_url: Annotated[str, AfterValidator(_safe)] = Field(default=SLACK, description="Slack's API.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_token, by_webhook = (
            self.token is not None and self.channel is not None,
            self.webhook_url is not None,
        )
        if by_token == by_webhook or (by_webhook and (self.token or self.channel)):
            raise ValueError("needs either token and channel, or webhook_url")
        if self.webhook_url is not None:
            _safe_secret(self.webhook_url)
        return self

    def send(self, message: Message, thread: str | None) -> str | None:
        """Post it; with a token into the incident's thread, whose reference is the first message's `ts`."""
        from slack_sdk.errors import SlackApiError

        try:
            return within(TOTAL_S, lambda: self._post(message, thread), "post to Slack")
        except SlackApiError as error:
            raise self._api_error(error.response) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(type(error).__name__) from None

    def _post(self, message: Message, thread: str | None) -> str | None:
        from slack_sdk import WebClient
        from slack_sdk.webhook import WebhookClient

        text = _escaped(f"{message.title} ({message.application})", LONGEST_SECTION)
        if self.webhook_url is not None:
            webhook = WebhookClient(
                self.webhook_url.get_secret_value(), timeout=TIMEOUT_S, retry_handlers=[], logger=SILENT
            )
            answer = webhook.send(text=text, blocks=layout(message))
            self._check_webhook(answer.status_code, answer.body, answer.headers)
            return None
        token = self.token.get_secret_value() if self.token else None
        client = WebClient(token, base_url=self.base_url, timeout=TIMEOUT_S, retry_handlers=[], logger=SILENT)
        posted = client.chat_postMessage(
            channel=self.channel or "",
            text=text,
            blocks=layout(message),
            thread_ts=thread,
            unfurl_links=False,
        )
        return thread or posted.get("ts")

    def _check_webhook(self, status: int, said: str, headers: Mapping[str, Any]) -> None:
        if status == TOO_MANY or status >= SERVERS_FAULT:
            raise self._unreachable(_later(status, headers))
        if said != "ok":
            raise ChannelRefused(self.name, _word(said) or f"http {status}")

    def _api_error(self, response: Any) -> Unreachable | ChannelRefused:
        status = int(response.status_code)
        said = _word(str(response.get("error", "")))
        if status == TOO_MANY or status >= SERVERS_FAULT:
            return self._unreachable(_later(status, response.headers))
        if said in TRY_LATER or not said:
            return self._unreachable(said or f"http {status}")
        return ChannelRefused(self.name, said)

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable("Slack", self.base_url if self.webhook_url is None else "its webhook", why)


def layout(message: Message) -> list[dict[str, Any]]:
    """The message as Block Kit: header, section, and whose it is. Nothing in it can mention or link by itself."""
    head = f" · journal {message.head}" if message.head else ""
    whose = f"{message.application} · {message.severity} · incident {message.incident}{head}"
    header = {"type": "plain_text", "text": message.title[:LONGEST_HEADER], "emoji": False}
    said = _escaped(message.text or message.title, LONGEST_SECTION)
    return [
        {"type": "header", "text": header},
        {"type": "section", "text": {"type": "mrkdwn", "text": said, "verbatim": True}},
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": _escaped(whose, LONGEST_SECTION), "verbatim": True}],
        },
    ]


def _escaped(text: str, longest: int) -> str:
    """`&<>` as Slack wants them, cut where it is too long, but never inside such an escape."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped) <= longest:
        return escaped
    return re.sub(r"&[a-z]{0,3}$", "", escaped[: longest - 1]) + "…"


def _word(said: str) -> str:
    """Slack's error code, `channel_not_found`; empty where it is anything else."""
    return said if re.fullmatch(r"[a-z0-9_]{1,80}", said) else ""


def _later(status: int, headers: Mapping[str, Any]) -> str:
    wait = {str(name).lower(): value for name, value in headers.items()}.get("retry-after")
    asked = f", asks to wait {wait} s" if wait and re.fullmatch(r"\d{1,6}", str(wait)) else ""
    return f"http {status}{asked}"
