"""The applied applications, as this host can use them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from blocks import configuration
from blocks.adapter import adapter_class
from blocks.channels.contract import Channel
from blocks.document import Document
from blocks.installation import Installation
from blocks.secrets import names as variables
from blocks.secrets import resolve
from blocks.store import configurations
from deployments.prefect_api import PrefectApi
from domain.errors import MissingSecret, PrefectUnavailable, UnknownApplication, Unreachable


def document(here: Installation, application: str) -> Document:
    """The applied document with the secrets of this environment, else of its block in Prefect.

    Raises:
        UnknownApplication: nothing was applied under this name.
        MissingSecret: a reference cannot be resolved here.
    """
    applied = configurations.of(here.store.database, application)
    values = _secrets(here, application, applied.document)
    return configuration.document(applied.document, applied.source, values)


def names(here: Installation) -> list[str]:
    """All applied applications."""
    return [applied.application for applied in configurations.all_of(here.store.database)]


def wanted(here: Installation, application: str | None) -> list[str]:
    """The one that is named, else all. Raises UnknownApplication, which lists them."""
    known = names(here)
    if application is not None and application not in known:
        raise UnknownApplication(application=application, known=known)
    return known if application is None else [application]


def _secrets(here: Installation, application: str, raw: Any) -> Mapping[str, str]:
    """The block's values, asked for only where the environment lacks one; empty where Prefect cannot be asked."""
    if variables(raw) <= os.environ.keys():
        return {}
    with suppress(PrefectUnavailable), PrefectApi.find(here.home) as api:
        return api.secrets(application)
    return {}


class Channels(Mapping[str, Channel]):
    """An application's channels by name, as applied now.

    Each is made when it is asked for, from its own entry: a secret that another part lacks keeps no message back.
    """

    def __init__(self, here: Installation, application: str) -> None:
        self.here = here
        self.application = application
        self.applied = configurations.of(here.store.database, application)
        entries = self.applied.document.get("channels", [])
        self.entries = {entry.get("name", entry["kind"]): entry for entry in entries}

    def __getitem__(self, name: str) -> Channel:
        """The channel.

        Raises:
            KeyError: there is none of this name.
            Unreachable: it lacks a secret; the message waits until there is one.
        """
        entry = self.entries[name]
        try:
            raw = resolve(entry, self.applied.source, _secrets(self.here, self.application, entry))
        except MissingSecret as error:
            raise Unreachable(what_it_is="channel", address=name, why=error.what()) from error
        channel = adapter_class("channels", raw["kind"]).model_validate(raw)
        if not isinstance(channel, Channel):
            raise KeyError(name)
        return channel

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)
