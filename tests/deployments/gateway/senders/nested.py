"""One JSON document, and many that differ from it in one place."""

import copy
from collections.abc import Iterator
from typing import Any

VALUES: list[Any] = [
    None,
    "",
    "\x00\ud800<script>",
    -1,
    1e308,
    [],
    {},
    True,
    "9999-12-31T23:59:59-14:00",
    "x" * 5000,
]


def changed(body: Any) -> Iterator[Any]:
    """Each place of the document once with each of the values, and once left out."""
    for path in _paths(body):
        for value in VALUES:
            yield _with(body, path, value)
        yield _without(body, path)


def _paths(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    below = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, item in below:
        yield (*at, key)
        yield from _paths(item, (*at, key))


def _with(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(body)
    _holder(made, path)[path[-1]] = value
    return made


def _without(body: Any, path: tuple[Any, ...]) -> Any:
    made = copy.deepcopy(body)
    del _holder(made, path)[path[-1]]
    return made


def _holder(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        body = body[key]
    return body
