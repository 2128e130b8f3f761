"""Answers of Sentry's HTTP API, as read by the `sentry` signal.

Source: https://docs.sentry.io/api/events/list-an-organizations-issues/, .../api/pagination/, .../api/ratelimits/
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from blocks.http_client import Answer
from blocks.one_line import one_line

LONGEST_TITLE = 100
LINK = re.compile(r'<[^>]*>\s*;\s*rel="next"\s*;\s*results="true"\s*;\s*cursor="([^"]+)"')
REFUSED: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "refuses the query",
    HTTPStatus.UNAUTHORIZED: "does not take the token",
    HTTPStatus.FORBIDDEN: "does not let the token read issues (scope event:read)",
    HTTPStatus.NOT_FOUND: "knows no such organization, project or environment",
}


class NotCounted(Exception):
    """The answer holds nothing that can be counted; the text says why, after the words `Sentry at URL`.

    Attributes:
        wait_s: seconds that Sentry asks to wait before the next request; 0 where it does not.
    """

    def __init__(self, why: str, wait_s: int = 0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Issue:
    """Events of one kind. `events`: how many there were in the minutes that were asked for, within all filters."""

    short_id: str
    title: str
    events: int

    def __str__(self) -> str:
        return f"{self.short_id} {self.title}".strip()


def issues_of(answer: Answer) -> list[Issue]:
    """The issues of one page. Raises NotCounted."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _limited(answer.headers)
    if answer.status != HTTPStatus.OK:
        raise NotCounted(_refusal(answer))
    try:
        return [_issue(row) for row in _rows(answer)]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise NotCounted("answers without a list of issues") from None


def next_cursor(answer: Answer) -> str | None:
    """Where the next page begins; None where this was the last one."""
    found = LINK.search(answer.headers.get("link", ""))
    return found[1] if found else None


def _rows(answer: Answer) -> list[Any]:
    rows = None if answer.cut else answer.json()
    if not isinstance(rows, list):
        raise TypeError(type(rows))
    return rows


def _issue(row: Mapping[str, Any]) -> Issue:
    """With a filter Sentry counts what passed it beside all of the issue's events."""
    counted = row.get("filtered") or row
    return Issue(one_line(row["shortId"]), one_line(row.get("title"), LONGEST_TITLE), int(counted["count"]))


def _refusal(answer: Answer) -> str:
    said = REFUSED.get(answer.status)
    if said is None:
        return f"answers http {answer.status}"
    reason = _detail(answer) if answer.status == HTTPStatus.BAD_REQUEST else ""
    return f"{said} (http {answer.status})" + (f": {reason}" if reason else "")


def _detail(answer: Answer) -> str:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return ""
    return one_line(body.get("detail")) if isinstance(body, dict) else ""


def _limited(headers: Mapping[str, str]) -> NotCounted:
    """It asks to wait by `Retry-After` in seconds, else by the moment at which its window ends."""
    after, ends = headers.get("retry-after", ""), headers.get("x-sentry-rate-limit-reset", "")
    wait_s = int(after) if after.isdecimal() else 0
    if not wait_s and ends.isdecimal():
        wait_s = max(0, int(ends) - int(time.time()))
    asked = f" and asks to wait for {wait_s} s" if wait_s else ""
    return NotCounted(f"limits the rate of requests (http 429){asked}", wait_s)
