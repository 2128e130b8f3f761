"""JSON over HTTP to a service that people are told through."""

import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from blocks.http_client import HttpClient, NoAnswer
from blocks.http_request import send_plain
from blocks.service_answers import check, reason
from domain.errors import Unreachable

TOTAL_S = 9.5
"""Seconds for all requests of one message; a channel has 10."""

LONGEST_ANSWER = 1024 * 1024


class JsonService:
    """One conversation: all its requests together within `TOTAL_S`. Use it as a context.

    Args:
        channel: the channel's name; `service`: what it is called.
        base_url: without a closing slash; may be shown.
        headers: sent with each request.
        secrets: what no error may hold.
    """

    def __init__(
        self, channel: str, service: str, base_url: str, headers: Mapping[str, str], secrets: tuple[str, ...]
    ) -> None:
        self._channel = channel
        self._service = service
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._secrets = secrets
        self._client = HttpClient(LONGEST_ANSWER)
        self._ends = time.monotonic() + TOTAL_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; None where it is empty. Raises ToldToWait, Unreachable, ChannelRefused."""
        left_s = max(0.1, self._ends - time.monotonic())
        try:
            answer = send_plain(self._client, method, self._base_url + path, self._headers, body, left_s)
        except NoAnswer as error:
            raise Unreachable(self._service, self._base_url, error.said) from None
        said = _json(answer.body)
        check(
            self._channel, self._service, self._base_url, answer.status, answer.headers,
            reason(_words(said), self._secrets),
        )  # fmt: skip
        if answer.body.strip() and said is None:
            raise Unreachable(self._service, self._base_url, f"http {answer.status}, and no JSON")
        return said


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _words(said: Any) -> str:
    """The reason in an error's JSON, as such services give it: `message`, `error`, `errors`."""
    if not isinstance(said, Mapping):
        return ""
    parts: list[Any] = []
    for key in ("message", "error", "errors"):
        found = said.get(key)
        parts += found if isinstance(found, list) else [found] if found else []
    return "; ".join(str(part) for part in parts)
