"""Telling people of a run that was refused before it had an incident: drift, a missing secret, a bad request."""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, cast

from blocks.adapter import adapter_class
from blocks.channels.contract import Channel
from blocks.installation import Installation
from blocks.secrets import resolve
from blocks.store import configurations
from domain.errors import BackoutError
from domain.message import Message, Moment
from domain.severity import Severity

PATIENCE_S = 12.0
NO_INCIDENT = "none"


def tell_refused(here: Installation, application: str, runbook: str, error: BackoutError) -> None:
    """Say on every channel that can be used that a run did not begin, and why. Best effort: the run fails anyway."""
    message = Message(
        incident=NO_INCIDENT,
        application=application,
        moment=Moment.ESCALATED,
        severity=Severity.HIGH,
        title=f"🆘 HELP NEEDED: {application}: {runbook} did not begin",
        text=str(error),
    )
    channels = _channels(here, application)
    pool = ThreadPoolExecutor(max(1, len(channels)), thread_name_prefix="refused")
    wait([pool.submit(channel.send, message, None) for channel in channels], PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)


def _channels(here: Installation, application: str) -> list[Channel]:
    """The channels of the document as it was last applied, as far as they can be used here."""
    found = []
    with suppress(BackoutError):
        applied = configurations.of(here.store.database, application)
        for entry in applied.document.get("channels", []):
            with suppress(BackoutError):
                found.append(_channel(entry, applied.source))
    return found


def _channel(entry: dict[str, Any], source: str) -> Channel:
    kind = adapter_class(Channel.family, entry["kind"])
    return cast(Channel, kind.model_validate(resolve(entry, source, {}, "channels")))
