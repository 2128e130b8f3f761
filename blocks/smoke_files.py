"""What a smoke test leaves behind when it ran: a JUnit XML file, or JSON."""

import json
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from blocks.http_expectation import MISSING, value_at

LONGEST = 16 * 1024 * 1024
"""Bytes of a file that are read."""

NAMED = 3
"""How many failed tests are kept by name."""

LONGEST_NAME = 80


class NoResults(ValueError):
    """What the file holds is no result of tests; the text says why."""


@dataclass
class Results:
    """`total` is None where the file does not tell it."""

    total: int | None = 0
    failed: int = 0
    names: list[str] = field(default_factory=list)


def of_junit(content: bytes) -> Results:
    """Tests with a `failure` or an `error` failed. Raises NoResults.

    Counted are the tests themselves: what the suites say of their number differs from one tool to the next.
    """
    reader = _JUnit()
    try:
        reader.parser.Parse(content, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        raise NoResults(f"is no XML: {expat.ErrorString(error.code)} in line {error.lineno}") from None
    if not reader.results.total:
        raise NoResults("holds no test")
    return reader.results


class _JUnit:
    """Reads a file from its begin to its end, and keeps only numbers and the first names."""

    def __init__(self) -> None:
        self.results = Results()
        self._name = ""
        self._has_failed = False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        # A few lines of entities can stand for gigabytes of text. No tool writes any.
        self.parser.EntityDeclHandler = _refuse

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "testcase":
            self.results.total = (self.results.total or 0) + 1
            self._name = attributes.get("name", "")
            self._has_failed = False
        elif element in {"failure", "error"} and not self._has_failed:
            self._has_failed = True
            self.results.failed += 1
            if len(self.results.names) < NAMED:
                self.results.names.append(_one_line(self._name))


def _refuse(*_declared: Any) -> None:
    raise NoResults("declares entities, which no result of tests needs")


def of_json(content: bytes, failed: str, total: str | None) -> Results:
    """The numbers at these dotted keys; a list counts as many as it holds. Raises NoResults."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise NoResults("is no JSON") from None
    return Results(None if total is None else _number(found, total), _number(found, failed))


def _number(found: Any, key: str) -> int:
    value = value_at(found, key)
    if isinstance(value, list):
        return len(value)
    if value is MISSING or isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NoResults(f"holds no number at {key}")
    return value


def _one_line(name: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in name)[:LONGEST_NAME]
