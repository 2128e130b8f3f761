"""`slack`: a thread an incident in a Slack channel, or single messages through an incoming webhook."""

import http.client
import logging
import re
import shlex
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from blocks.channels.contract import Channel
from blocks.deadline import within
from blocks.reachable import connect
from blocks.safe_address import SafeAddress, safe_secret, site
from blocks.service_answers import wait_asked_for
from blocks.slack.buttons import buttons
from blocks.slack.layout import LONGEST_SECTION, escaped, headline, layout
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import ChannelRefused, ToldToWait, Unreachable
from domain.message import Message, Moment

SLACK = "https://slack.com/api/"
TIMEOUT_S = 8
"""Seconds for one operation of the connection; urllib knows no limit for all of them."""
TOTAL_S = 9.5
FOR_EVERYBODY = (Moment.ASKED, Moment.ESCALATED)
"""What is shown in the channel too, not in the thread alone: somebody must act."""

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
    app_token: SecretStr | None = Field(
        default=None,
        description="App-level token with `connections:write`: buttons under a request, answered over Socket Mode.",
    )
    signing_secret: SecretStr | None = Field(
        default=None, description="The app's signing secret: buttons, answered by `POST /slack/actions`."
    )
    base_url: SafeAddress = Field(default=SLACK, description="Slack's API.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_token, by_webhook = (
            self.token is not None and self.channel is not None,
            self.webhook_url is not None,
        )
        if by_token == by_webhook or (by_webhook and (self.token or self.channel)):
            raise ValueError("needs either token and channel, or webhook_url")
        if by_webhook and self.interactive:
            raise ValueError(
                "app_token and signing_secret need token and channel: a webhook cannot be answered"
            )
        if self.webhook_url is not None:
            safe_secret(self.webhook_url)
        return self

    @property
    def interactive(self) -> bool:
        """Whether buttons can be answered."""
        return self.app_token is not None or self.signing_secret is not None

    def send(self, message: Message, thread: str | None) -> str | None:
        """Post it; with a token into the incident's thread, whose first message then shows the newest state.

        A thread's reference is `CHANNEL:TS` of its first message.
        """
        from slack_sdk.errors import SlackApiError

        try:
            return within(TOTAL_S, lambda: self._post(message, thread), "post to Slack")
        except SlackApiError as error:
            raise self._api_error(error.response) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(type(error).__name__) from None

    def examine(self) -> list[Checkup]:
        """Whether Slack answers, and takes the token (`auth.test`). Sends no message; a webhook's secret is not tried."""
        from slack_sdk.errors import SlackApiError

        where = site(self._address)
        try:
            said = within(TOTAL_S, self._ask, "ask Slack")
        except SlackApiError as error:
            why = f"{where} refuses the token: {_word(str(error.response.get('error', ''))) or 'no reason given'}"
            return [wrong("reachable", self.name, why, Remedy(command="backout apply backout.yaml"))]
        except (OSError, http.client.HTTPException, ValueError) as error:
            look = Remedy(command=f"curl -sS -m 5 -o /dev/null {shlex.quote(where)}")
            return [wrong("reachable", self.name, f"{where} does not answer: {type(error).__name__}", look)]
        return [well("reachable", self.name, said)]

    @property
    def _address(self) -> str:
        """Where it is sent to; a webhook's is a secret but for its host."""
        return self.webhook_url.get_secret_value() if self.webhook_url is not None else self.base_url

    def _ask(self) -> str:
        from slack_sdk import WebClient

        if self.token is not None:
            client = WebClient(
                self.token.get_secret_value(), base_url=self.base_url, timeout=TIMEOUT_S, retry_handlers=[], logger=SILENT
            )  # fmt: skip
            client.auth_test()
            return "Slack answers, and takes the token"
        connect(self._address)
        return "its host answers; whether it takes the webhook is only seen with a message"

    def _post(self, message: Message, thread: str | None) -> str | None:
        from slack_sdk import WebClient
        from slack_sdk.webhook import WebhookClient

        text = _text(message)
        if self.webhook_url is not None:
            webhook = WebhookClient(
                self.webhook_url.get_secret_value(), timeout=TIMEOUT_S, retry_handlers=[], logger=SILENT
            )
            answer = webhook.send(text=text, blocks=layout(message))
            self._check_webhook(answer.status_code, answer.body, answer.headers)
            return None
        token = self.token.get_secret_value() if self.token else None
        client = WebClient(token, base_url=self.base_url, timeout=TIMEOUT_S, retry_handlers=[], logger=SILENT)
        channel, _, first = (thread or "").rpartition(":")
        if thread is not None:
            self._show_newest(client, message, channel or self.channel or "", first)
        posted = client.chat_postMessage(
            channel=channel or self.channel or "",
            text=text,
            blocks=[*layout(message), *(buttons(message) if self.interactive else [])],
            thread_ts=first or None,
            reply_broadcast=True if thread is not None and message.moment in FOR_EVERYBODY else None,
            unfurl_links=False,
        )
        return thread or f"{posted.get('channel')}:{posted.get('ts')}"

    def _show_newest(self, client: Any, message: Message, channel: str, first: str) -> None:
        """Bring the first message up to date; before the post, so that a second try repeats nothing that people see."""
        from slack_sdk.errors import SlackApiError

        try:
            client.chat_update(channel=channel, ts=first, text=_text(message), blocks=headline(message))
        except SlackApiError as error:
            if isinstance(failed := self._api_error(error.response), Unreachable):
                raise failed from None
            return  # somebody deleted it, or it can be edited no more: the thread says it all the same

    def _check_webhook(self, status: int, said: str, headers: Mapping[str, Any]) -> None:
        if status == TOO_MANY or status >= SERVERS_FAULT:
            raise self._later(status, headers)
        if said != "ok":
            raise ChannelRefused(self.name, _word(said) or f"http {status}")

    def _api_error(self, response: Any) -> Unreachable | ChannelRefused:
        status = int(response.status_code)
        said = _word(str(response.get("error", "")))
        if status == TOO_MANY or status >= SERVERS_FAULT:
            return self._later(status, response.headers)
        if said in TRY_LATER or not said:
            return self._unreachable(said or f"http {status}")
        return ChannelRefused(self.name, said)

    def _later(self, status: int, headers: Mapping[str, Any]) -> Unreachable:
        wait_s = wait_asked_for(headers)
        if wait_s is None:
            return self._unreachable(f"http {status}")
        return ToldToWait("Slack", self._shown, f"http {status}, asks to wait {wait_s} s", wait_s)

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable("Slack", self._shown, why)

    @property
    def _shown(self) -> str:
        return self.base_url if self.webhook_url is None else "its webhook"


def _text(message: Message) -> str:
    """What notifications show."""
    return escaped(f"{message.title} ({message.application})", LONGEST_SECTION)


def _word(said: str) -> str:
    """Slack's error code, `channel_not_found`; empty where it is anything else."""
    return said if re.fullmatch(r"[a-z0-9_]{1,80}", said) else ""
