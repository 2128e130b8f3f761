"""Variables that a document needs and that runs would not have: `backout apply` says so before an incident does."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from blocks.configuration import Described
from blocks.home import Home
from blocks.installation import serving
from blocks.secrets import references
from deployments.prefect_api import PrefectApi
from domain.errors import MissingSecret, PrefectUnavailable


def unset(home: Home, one: Described) -> list[MissingSecret]:
    """Each reference of the document that nothing provides: not the environment of `serve`, not the block's secrets."""
    needed = list(references(one.raw, one.at))
    known = {**environment(home), **(_in_block(home, one.name) if needed else {})}
    return [
        MissingSecret(one.source, key, f"variable {name} is not set where runs execute", variable=name)
        for name, key in needed
        if name not in known
    ]


def environment(home: Home) -> Mapping[str, str]:
    """The variables that the running `serve` was started with; this process's own where none runs, or hides them."""
    found = serving(home)
    if found is not None:
        with suppress(OSError):
            held = Path(f"/proc/{found['pid']}/environ").read_bytes().split(b"\0")
            return dict(os.fsdecode(row).split("=", 1) for row in held if b"=" in row)
    return os.environ


def _in_block(home: Home, application: str) -> dict[str, str]:
    with suppress(PrefectUnavailable), PrefectApi.find(home) as api:
        return api.secrets(application)
    return {}
