"""What runs in a slot of local processes, as `backout.yaml` describes it."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from blocks.fields import AbsolutePath, BaseUrl
from domain.names import PART

MASK = "**********"
LEAST_SECRET = 8
"""Shorter values are not masked in text: `none` or `off` is no secret, and is everywhere."""

URL_PASSWORD = re.compile(r"://[^:/@\s]*:([^@/\s]+)@")
LEAST_PASSWORD = 4
"""A password inside a URL is a secret by its place; only what is part of many words is left."""


def _slot_name(text: str) -> str:
    if not PART.fullmatch(text):
        raise ValueError(f"slot {text!r} must be small letters, digits and dashes: it names a folder")
    return text


SlotName = Annotated[str, AfterValidator(_slot_name)]
"""A slot's name, which is also its folder's."""


class Program(BaseModel):
    """What runs in one slot. The values of `env` are secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    command: list[str] = Field(min_length=1, description="The program and its arguments; no shell.")
    cwd: AbsolutePath = Field(description="The folder it starts in.")
    env: dict[str, SecretStr] = Field(
        default_factory=dict, description="Its variables, beside PATH, HOME and LANG."
    )
    address: BaseUrl = Field(description="Where the slot itself answers, past the router.")


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets and the passwords of URLs in them; one that holds another one goes first."""
    for secret in sorted(_parts(secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _parts(secrets: Iterable[str]) -> Iterator[str]:
    for secret in secrets:
        if len(secret) >= LEAST_SECRET:
            yield secret
        for password in URL_PASSWORD.findall(secret):
            yield from (part for part in {password, unquote(password)} if len(part) >= LEAST_PASSWORD)
