"""`{name}` in texts of `backout.yaml`, replaced strictly: nothing else in braces means anything, unlike in str.format."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

NAME = re.compile(r"[a-z][a-z0-9_]*")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def placeholders(held: Any) -> set[str]:
    """The names in all texts of a JSON value."""
    if isinstance(held, str):
        return set(PLACEHOLDER.findall(held))
    inner = held.values() if isinstance(held, Mapping) else held if isinstance(held, list) else ()
    return set().union(*(placeholders(item) for item in inner))


def filled(held: Any, values: Mapping[str, str]) -> Any:
    """A copy of a JSON value, its texts filled in; keys stay. Raises KeyError for a name without a value."""
    if isinstance(held, str):
        return PLACEHOLDER.sub(lambda match: values[match[1]], held)
    if isinstance(held, Mapping):
        return {key: filled(item, values) for key, item in held.items()}
    if isinstance(held, list):
        return [filled(item, values) for item in held]
    return held


def filled_path(path: str, values: Mapping[str, str]) -> str:
    """A URL's path with each value quoted, so that it stays within its segment."""
    return str(filled(path, {name: quote(value, safe="") for name, value in values.items()}))
