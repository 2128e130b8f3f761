"""Telling people of a run that was refused before it had an incident: drift, a missing secret, a bad request."""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, cast

from blocks.adapter import adapter_class
from blocks.channels.contract import Channel
from blocks.document import policy_of
from blocks.installation import Installation
from blocks.secrets import resolve
from blocks.store import configurations
from blocks.store.configurations import Applied
from domain.assess import severity_of
from domain.errors import BackoutError
from domain.message import Message, Moment
from domain.request import Request
from domain.severity import Severity

PATIENCE_S = 12.0
NO_INCIDENT = "none"


def tell_refused(here: Installation, request: Request, error: BackoutError) -> None:
    """Say on every channel that can be used that a run did not begin, and why. Best effort: the run fails anyway."""
    applied = _applied(here, request.application)
    if applied is None:
        return
    message = Message(
        incident=NO_INCIDENT,
        application=applied.application,
        moment=Moment.ESCALATED,
        severity=_severity(applied, request),
        title=f"🆘 HELP NEEDED: {applied.application}: {request.runbook} did not begin",
        text=str(error),
    )
    channels = _channels(applied)
    pool = ThreadPoolExecutor(max(1, len(channels)), thread_name_prefix="refused")
    wait([pool.submit(channel.send, message, None) for channel in channels], PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)


def _applied(here: Installation, application: str) -> Applied | None:
    """What was last applied: its channels are the ones to tell, and its policy says how bad it is."""
    try:
        return configurations.of(here.store.database, application)
    except BackoutError:
        return None


def _severity(applied: Applied, request: Request) -> Severity:
    try:
        return severity_of(request, policy_of(applied.document))
    except ValueError:  # a policy that waits for a secret; somebody must look all the same
        return request.severity or Severity.HIGH


def _channels(applied: Applied) -> list[Channel]:
    """The channels as far as they can be used here."""
    found = []
    for entry in applied.document.get("channels", []):
        with suppress(BackoutError):
            found.append(_channel(entry, applied.source))
    return found


def _channel(entry: dict[str, Any], source: str) -> Channel:
    kind = adapter_class(Channel.family, entry["kind"])
    return cast(Channel, kind.model_validate(resolve(entry, source, {}, "channels")))
