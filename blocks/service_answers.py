"""What the answer of a service that people are told through means: taken, later, or never."""

import re
from collections.abc import Mapping
from typing import Any

from domain.errors import ChannelRefused, ToldToWait, Unreachable

TOO_MANY = (420, 429)
"""Statuspage says 420 where everybody else says 429."""

REQUEST_TIMEOUT = 408
GOOD = range(200, 300)
REFUSED = range(400, 500)
LONGEST_REASON = 200


def check(
    channel: str, service: str, address: str, status: int, headers: Mapping[str, Any], said: str
) -> None:
    """Return where it was taken.

    Args:
        channel: the channel's name; `service`: what it is called, with the `address` that may be shown.
        status: of HTTP, with its `headers`.
        said: the service's own reason, without secrets.

    Raises:
        ToldToWait, Unreachable: try again later.
        ChannelRefused: never.
    """
    if status in GOOD:
        return
    if status in TOO_MANY and (wait_s := wait_asked_for(headers)) is not None:
        raise ToldToWait(service, address, f"http {status}, asks to wait {wait_s} s", wait_s)
    if status in TOO_MANY or status == REQUEST_TIMEOUT or status not in REFUSED:
        raise Unreachable(service, address, f"http {status}")
    raise ChannelRefused(channel, f"http {status}{f': {said}' if said else ''}")


def wait_asked_for(headers: Mapping[str, Any]) -> int | None:
    """`Retry-After` in seconds; None where there is none, or it is no number."""
    wait = str({str(name).lower(): value for name, value in headers.items()}.get("retry-after", ""))
    return int(wait) if re.fullmatch(r"\d{1,6}", wait) else None


def reason(said: Any, secrets: tuple[str, ...] = ()) -> str:
    """The service's own words on one short line, its secrets masked."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in str(said)).split())
    for secret in secrets:
        text = text.replace(secret, "***")
    return text[:LONGEST_REASON]
