"""An application's channels where its document as a whole may not be usable: people are told of just that."""

from contextlib import suppress
from typing import Any, cast

from blocks.adapter import adapter_class
from blocks.channels.contract import Channel
from blocks.secrets import resolve
from blocks.store.configurations import Applied
from domain.errors import BackoutError


def usable_channels(applied: Applied) -> list[Channel]:
    """The channels as far as they can be used here."""
    found = []
    for entry in applied.document.get("channels", []):
        # ValueError: a secret that is no such thing; the other channels must speak all the same.
        with suppress(BackoutError, ValueError):
            found.append(_channel(entry, applied.source))
    return found


def _channel(entry: dict[str, Any], source: str) -> Channel:
    kind = adapter_class(Channel.family, entry["kind"])
    return cast(Channel, kind.model_validate(resolve(entry, source, {}, "channels")))
