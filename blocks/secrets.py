"""Secrets of a raw document: `${NAME}` and `block:slug/name[.field]`, resolved only where the run executes."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import MissingSecret, PrefectUnavailable

REFERENCE = re.compile(r"(?P<escape>\$)?\$\{(?P<name>[^}]*)\}?")
"""`${NAME}`; `$${` stands for a literal `${`. What follows `${` and is no name is an error, not text."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LIKE_BLOCK = re.compile(r"block:[^\s/]+/")
BLOCK = re.compile(r"block:(?P<slug>[a-z0-9-]+)/(?P<name>[a-z0-9-]+)(?:\.(?P<field>\w+(?:\.\w+)*))?")
"""A whole string; without a field the block's `value` is meant, which is where the Secret block keeps it."""


@dataclass(frozen=True)
class _Values:
    """Where the values come from: the environment first, then what was given."""

    source: str
    given: Mapping[str, str]

    def fill(self, text: str, key: str) -> Any:
        """The string with its references replaced. Raises MissingSecret."""
        if LIKE_BLOCK.match(text):
            return _from_block(text, self.source, key)
        return REFERENCE.sub(lambda match: self._value(match, key), text)

    def _value(self, match: re.Match[str], key: str) -> str:
        name = match["name"]
        if match["escape"]:
            return match[0].removeprefix("$")
        if not NAME.fullmatch(name) or not match[0].endswith("}"):
            raise MissingSecret(
                self.source, key, "holds ${ that no name and } follow; $${ stands for a literal ${"
            )
        value = os.environ.get(name, self.given.get(name))
        if value is None:
            raise MissingSecret(self.source, key, f"variable {name} is not set")
        return value


def resolve(raw: Any, source: str, values: Mapping[str, str], at: str = "") -> Any:
    """A copy of the raw document with every reference in its strings replaced; keys are left as they are.

    Args:
        raw: what YAML or a block held.
        source: the file or block it came from, for errors.
        values: variables beside the environment's; the environment wins.
        at: the dotted path of `raw` itself, for errors.

    Raises:
        MissingSecret: a variable, block or field does not exist; names it, and where it is used.
        PrefectUnavailable: a `block:` reference, and Prefect's API does not answer.
    """
    return _walk(raw, at, _Values(source, values))


def _walk(raw: Any, key: str, values: _Values) -> Any:
    if isinstance(raw, str):
        return values.fill(raw, key)
    if isinstance(raw, Mapping):
        return {
            name: _walk(item, f"{key}.{name}" if key else str(name), values) for name, item in raw.items()
        }
    if isinstance(raw, list):
        return [_walk(item, f"{key}[{index}]", values) for index, item in enumerate(raw)]
    return raw


def names(raw: Any) -> set[str]:
    """The variables that the document needs."""
    return {name for name, _ in references(raw)}


def references(raw: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Each variable that the document needs, with the dotted key that needs it. `at`: the key of `raw` itself."""
    if isinstance(raw, str):
        yield from ((match["name"], at) for match in REFERENCE.finditer(raw) if not match["escape"])
    elif isinstance(raw, Mapping):
        for name, item in raw.items():
            yield from references(item, f"{at}.{name}" if at else str(name))
    elif isinstance(raw, list):
        for index, item in enumerate(raw):
            yield from references(item, f"{at}[{index}]")


def has_reference(raw: Any) -> bool:
    """Whether any string in it is only known where the run executes."""
    return any(LIKE_BLOCK.match(text) or REFERENCE.search(text) for text in _strings(raw))


def _strings(raw: Any) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        for item in raw.values():
            yield from _strings(item)
    elif isinstance(raw, list):
        for item in raw:
            yield from _strings(item)


def _from_block(text: str, source: str, key: str) -> Any:
    match = BLOCK.fullmatch(text)
    if match is None:
        raise MissingSecret(source, key, "is not a block reference: block:slug/name or block:slug/name.field")
    found = _block_data(match["slug"], match["name"])
    if found is None:
        raise MissingSecret(source, key, f"block {match['slug']}/{match['name']} does not exist in Prefect")
    for part in (match["field"] or "value").split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise MissingSecret(source, key, f"{text} has no field {part}")
        found = found[part]
    return found


def _block_data(slug: str, name: str) -> Any:
    """The block's fields in clear, None where there is no such block. The block's own class need not be installed."""
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound
    from prefect.settings import PREFECT_API_URL

    address = PREFECT_API_URL.value()
    if not address:  # Prefect would start a server of its own, for half a minute
        raise PrefectUnavailable("Prefect's API", "PREFECT_API_URL", "no address is set")
    try:
        with get_client(sync_client=True) as client:
            return client.read_block_document_by_name(name, slug, include_secrets=True).data
    except ObjectNotFound:
        return None
    except httpx.HTTPError as error:
        raise PrefectUnavailable("Prefect's API", address, type(error).__name__) from None
