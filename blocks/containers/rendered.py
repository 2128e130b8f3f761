"""The configuration of a Compose project as it is kept for the evidence: whole, and without a secret."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from blocks.containers.words import NEVER_SECRET
from blocks.program import MASK, masked

SECRET_KEYS = ("environment", "args", "content")
"""Keys whose values are masked wherever they are: a service's variables, a build's, and files written in the document."""


def without_secrets(document: Any, public: Collection[str]) -> Any:
    """A copy with the values of variables masked, also where the same value stands anywhere else in a text.

    Args:
        document: what `compose config` printed, read.
        public: names of variables that are no secrets, and words that are none.
    """
    shown = NEVER_SECRET | set(public)
    secrets = {value for name, value in _values(document) if name not in shown} - set(public)
    return _masked(document, secrets, shown)


def _values(part: Any) -> Iterator[tuple[str, str]]:
    """Each (name, value) of a variable."""
    if isinstance(part, Mapping):
        for key, item in part.items():
            yield from _pairs(item) if key in SECRET_KEYS else _values(item)
    elif isinstance(part, list):
        for item in part:
            yield from _values(item)


def _pairs(variables: Any) -> Iterator[tuple[str, str]]:
    if isinstance(variables, Mapping):
        yield from ((str(name), str(value)) for name, value in variables.items() if value is not None)
    elif isinstance(variables, list):
        split = (str(pair).partition("=") for pair in variables)
        yield from ((name, value) for name, _, value in split)
    else:
        yield "", str(variables)


def _masked(part: Any, secrets: set[str], shown: Collection[str]) -> Any:
    if isinstance(part, Mapping):
        return {
            key: _hidden(item, shown) if key in SECRET_KEYS else _masked(item, secrets, shown)
            for key, item in part.items()
        }
    if isinstance(part, list):
        return [_masked(item, secrets, shown) for item in part]
    return masked(part, secrets) if isinstance(part, str) else part


def _hidden(variables: Any, shown: Collection[str]) -> Any:
    if isinstance(variables, str):
        return MASK
    return {name: value if name in shown else MASK for name, value in _pairs(variables)}
