"""A database's schema as text, and what tells two of them apart."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict, Field

LONGEST_QUOTE = 120
"""Characters of a definition that a sentence quotes; a function's body is quoted by its first other line."""

GENERATED = re.compile(r"_(pkey|key|fkey|check|excl|idx|not_null)\d*$")
SHARED_HEAD = 24
"""Bytes of the table's name that a generated name surely keeps: PostgreSQL cuts both halves of a long one."""

VARCHAR = r"'(?:[^']|'')*'::character varying"
VARCHAR_LIST = re.compile(rf"\(ARRAY\[({VARCHAR}(?:, {VARCHAR})*)\]\)::text\[\]")


class Differences(BaseModel):
    """What tells two schemas apart, in words. `cosmetic`: no query can give another answer because of it."""

    model_config = ConfigDict(frozen=True)

    real: list[str] = Field(default_factory=list)
    cosmetic: list[str] = Field(default_factory=list)


class Schema(BaseModel):
    """Every object of a schema, by a name that does not depend on the order in which they were made.

    Attributes:
        objects: `table public.users`, `column public.users.email`, `index on public.users: btree (email)` ->
            its canonical definition. What follows a colon belongs to what is named before it.
        cosmetic: order of columns, comments, names that PostgreSQL made up -> their text.
    """

    model_config = ConfigDict(frozen=True)

    objects: dict[str, str] = Field(default_factory=dict)
    cosmetic: dict[str, str] = Field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 of the objects, hexadecimal; the cosmetic part is not in it."""
        return hashlib.sha256(json.dumps(self.objects, sort_keys=True).encode()).hexdigest()

    def after(self, before: Schema, then: Schema) -> Schema:
        """This schema with the changes that led from `before` to `then`.

        A clone made from a dump may spell a definition in another way than its original. What the steps did on the
        clone is carried over to the original, so that the spelling is never taken for a change.
        """
        return Schema(
            objects=_carried(self.objects, before.objects, then.objects),
            cosmetic=_carried(self.cosmetic, before.cosmetic, then.cosmetic),
        )


def differences(expected: Schema, found: Schema) -> Differences:
    """What `found` has other than `expected`, sorted by name."""
    return Differences(
        real=list(_sentences(expected.objects, found.objects)),
        cosmetic=list(_sentences(expected.cosmetic, found.cosmetic)),
    )


def is_generated(name: str, table: str) -> bool:
    """Whether a constraint or index has the kind of name that PostgreSQL makes up for the table."""
    return bool(GENERATED.search(name)) and name.startswith(table[:SHARED_HEAD])


def canonical(expression: str) -> str:
    """An expression in the one spelling of the two that PostgreSQL has for a list of varchar.

    `x IN ('a', 'b')` is shown with one cast around the list; dumped and restored, with a cast around each element.
    """
    return VARCHAR_LIST.sub(_cast_each, expression)


def _cast_each(match: re.Match[str]) -> str:
    literals = re.findall(VARCHAR, match[1])
    return f"ARRAY[{', '.join(f'({literal})::text' for literal in literals)}]"


def _carried(live: Mapping[str, str], before: Mapping[str, str], then: Mapping[str, str]) -> dict[str, str]:
    result = dict(live)
    for key in before.keys() | then.keys():
        if before.get(key) == then.get(key):
            continue
        if key in then:
            result[key] = then[key]
        else:
            result.pop(key, None)
    return result


def _sentences(expected: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    alone = expected.keys() ^ found.keys()
    told = {key for key in alone if not _belongs_to_any(key, alone)}
    for key in sorted(expected.keys() | found.keys()):
        if key in told:
            yield _alone(key, expected, found)
        elif key not in alone and expected[key] != found[key]:
            yield f"{key} {_changed(expected[key], found[key])}"


def _belongs_to_any(key: str, others: set[str]) -> bool:
    """Whether it goes without saying: the column of a table that is missing is missing too."""
    return any(parent in others for parent in _parents(key) if parent != key)


def _parents(key: str) -> Iterator[str]:
    head, colon, _ = key.partition(": ")
    if colon:
        yield head
    kind, _, name = head.partition(" ")
    relation = name.removeprefix("on ")
    if kind == "column":
        relation = relation.rpartition(".")[0]
    for parent in ("table", "view", "materialized view", "foreign table"):
        yield f"{parent} {relation}"


def _alone(key: str, expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    if key in found:
        return f"{key} is there and was not{_quoted(found[key])}"
    return f"{key} is missing{_quoted(expected[key])}"


def _quoted(definition: str) -> str:
    short = definition and "\n" not in definition and len(definition) <= LONGEST_QUOTE
    return f" ({definition})" if short else ""


def _changed(expected: str, found: str) -> str:
    """`is text, was character varying(20)`; of a long definition only the first line that is another one."""
    if len(expected) <= LONGEST_QUOTE and len(found) <= LONGEST_QUOTE and "\n" not in expected + found:
        return f"is {found or 'empty'}, was {expected or 'empty'}"
    pairs = zip_longest(expected.splitlines(), found.splitlines(), fillvalue="")
    number, (was, now) = next((i, pair) for i, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return f"is another one from line {number} on: is `{_cut(now)}`, was `{_cut(was)}`"


def _cut(line: str) -> str:
    text = " ".join(line.split())
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."
