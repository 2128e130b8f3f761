"""pydantic's errors as ours: which file, which key, what is wrong, what is allowed; never the value itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from blocks.adapter import WrongKind
from blocks.configuration_shape import model_at
from blocks.secrets import has_reference
from domain.errors import ConfigurationError, UnknownKind

UNKNOWN = "is not a known key"
CHOICES = ("enum", "literal_error")
ABOUT_KEYS = ("missing", "extra_forbidden")
PROBLEMS = {"missing": "is missing", "extra_forbidden": UNKNOWN, "path_type": "is not a path"}
LIKE_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}")
QUOTED = re.compile(r"'([^']*)'")

THE_NAME = ("name",)
"""An application's name is needed everywhere, so it holds no reference."""

Location = tuple[int | str, ...]


def first_problem(
    error: ValidationError,
    model: type[BaseModel],
    raw: Mapping[str, Any],
    source: str,
    at: str = "",
    *,
    later: bool = False,
) -> ConfigurationError | None:
    """The first problem as our error; says how many more there are.

    Args:
        error: what pydantic raised.
        model: the model that was validated, for the known keys.
        raw: what was validated, its secrets still references.
        source: the file or block, for the error.
        at: the dotted path of `raw` itself.
        later: leave out what a reference stands for; None where nothing is left.
    """
    problems = [
        _converted(details, model, raw, source, at)
        for details in error.errors(include_url=False, include_input=False)
        if not (later and _waits(details, raw))
    ]
    telling = _telling(problems)
    if not telling:
        return None
    if len(telling) > 1:
        telling[0].problem += f"; more problems at {', '.join(problem.key for problem in telling[1:])}"
    return telling[0]


def _telling(problems: Sequence[ConfigurationError]) -> list[ConfigurationError]:
    """One a key, and none for a list as a whole where one of its items is wrong: pydantic tries each branch of a union.

    A key that is not known comes first: it may be the missing one, misspelt, and it lists what is allowed.
    """
    first = {problem.key: problem for problem in reversed(problems)}
    telling = [
        problem
        for problem in problems
        if problem is first[problem.key] and not any(key.startswith(f"{problem.key}[") for key in first)
    ]
    return sorted(telling, key=lambda problem: not problem.problem.startswith(UNKNOWN))


def _converted(
    details: ErrorDetails, model: type[BaseModel], raw: Mapping[str, Any], source: str, at: str
) -> ConfigurationError:
    location = _real(details["loc"], raw, missing=details["type"] == "missing")
    key = _dotted(location, at)
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, WrongKind):
        return UnknownKind(
            source, f"{key}.kind", _wrong(cause, _value(raw, (*location, "kind"))), cause.allowed
        )
    return ConfigurationError(source, key, _problem(details), _allowed(details, model, raw, location))


def _wrong(cause: WrongKind, kind: Any) -> str:
    """The value is shown where it is a word like a kind: no secret is one."""
    if kind is None:
        return "is missing"
    shown = f": {kind!r}" if isinstance(kind, str) and LIKE_KIND.fullmatch(kind) else ""
    return f"no such kind of {cause.family}{shown}"


def _problem(details: ErrorDetails) -> str:
    """Our words for the common ones; else pydantic's, which hold no input, or a validator's own."""
    kind = details["type"]
    if kind in PROBLEMS:
        return PROBLEMS[kind]
    if kind in CHOICES:
        return "is not one of the choices"
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]


def _allowed(
    details: ErrorDetails, model: type[BaseModel], raw: Mapping[str, Any], location: Location
) -> Sequence[str]:
    if details["type"] in CHOICES:
        return QUOTED.findall(str(details.get("ctx", {}).get("expected", "")))
    if details["type"] == "extra_forbidden":
        holder = model_at(model, raw, location[:-1])
        return sorted(field.alias or name for name, field in holder.model_fields.items()) if holder else ()
    return ()


def _waits(details: ErrorDetails, raw: Mapping[str, Any]) -> bool:
    """Whether the problem may be gone once the references in the value are resolved."""
    location = _real(details["loc"], raw)
    if details["type"] in ABOUT_KEYS or isinstance(details.get("ctx", {}).get("error"), WrongKind):
        return False
    return location != THE_NAME and has_reference(_value(raw, location))


def _real(location: Location, raw: Any, *, missing: bool = False) -> Location:
    """The location without the names that pydantic adds for the branches of a union and for keys."""
    real: list[int | str] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if _holds(raw, part) or (missing and last and isinstance(raw, Mapping)):
            real.append(part)
            raw = _step(raw, part)
    return tuple(real)


def _holds(raw: Any, part: int | str) -> bool:
    if isinstance(raw, Mapping):
        return part in raw
    return isinstance(raw, list) and isinstance(part, int) and part < len(raw)


def _step(raw: Any, part: int | str) -> Any:
    return raw[part] if _holds(raw, part) else None


def _value(raw: Any, location: Location) -> Any:
    for part in location:
        raw = _step(raw, part)
    return raw


def _dotted(location: Location, at: str) -> str:
    return "".join(_parts(location, at)) or "file"


def _parts(location: Location, at: str) -> Iterator[str]:
    yield at
    for index, part in enumerate(location):
        if isinstance(part, int):
            yield f"[{part}]"
        else:
            yield f".{part}" if at or index else part
