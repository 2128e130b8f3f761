"""`backout.yaml`: read, checked and made into documents. No error shows a value, since it could be a secret."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from blocks.configuration_errors import first_problem
from blocks.configuration_schema import schema, write_schema
from blocks.document import Document, File
from blocks.drill_settings import command_with_secret
from blocks.secrets import resolve
from blocks.yaml_file import load
from domain.errors import ConfigurationError, UnknownApplication

__all__ = ["Described", "digest", "document", "read", "read_one", "schema", "write_schema"]

SUFFIXES = (".yaml", ".yml")


class Described(BaseModel):
    """One application as a file describes it, its secrets still references.

    Attributes:
        name: the application's name.
        raw: its entry, as written.
        source: the file.
        at: the entry's dotted path in the file, `applications[0]`.
        digest: see `digest()`.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: str
    raw: dict[str, Any]
    source: str
    at: str = ""
    digest: str


def read(paths: Iterable[Path]) -> list[Described]:
    """The applications in files, and in the `*.yaml` and `*.yml` files of folders, in the order given.

    What depends on a secret is checked by `document()`, where the run executes.

    Raises:
        ConfigurationError: file, key, problem, and what is allowed; nothing was changed.
    """
    found = [described for path in paths for file in _files(path) for described in _applications(file)]
    seen: dict[str, Described] = {}
    for described in found:
        first = seen.setdefault(described.name, described)
        if first is not described:
            problem = f"{described.name} is already described in {first.source} as {first.at}"
            raise ConfigurationError(described.source, f"{described.at}.name", problem)
    return found


def read_one(path: Path, application: str) -> Described:
    """One application of a file or folder. What the other entries hold is not looked at.

    Raises:
        UnknownApplication: no entry has this name.
        ConfigurationError: the file or this entry cannot be used.
    """
    found = [(entry, str(file), at) for file in _files(path) for entry, at in _entries(file)]
    for entry, source, at in found:
        if entry.get("name") == application:
            return _described(entry, source, at)
    raise UnknownApplication(application, [str(entry.get("name")) for entry, _, _ in found])


def document(raw: Mapping[str, Any], source: str, values: Mapping[str, str], at: str = "") -> Document:
    """The document with its secrets resolved.

    Args:
        raw: one application's entry.
        source: the file or block it came from, for errors.
        values: variables beside the environment's.
        at: where in the source it is, for errors.

    Raises:
        MissingSecret: see `blocks.secrets.resolve`.
        ConfigurationError: it does not describe an application.
    """
    try:
        return Document.model_validate(resolve(dict(raw), source, values, at))
    except ValidationError as error:
        problem = first_problem(error, Document, raw, source, at)
    if problem is None:
        raise ConfigurationError(source, at or "document", "is not an application's description")
    raise problem


def digest(raw: Any) -> str:
    """SHA-256 (hexadecimal) of the raw document as canonical JSON. Raises ValueError for what JSON cannot hold."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not files:
        raise ConfigurationError(
            str(path), "folder", f"holds no {' or '.join('*' + suffix for suffix in SUFFIXES)} file"
        )
    return files


def _applications(file: Path) -> list[Described]:
    return [_described(entry, str(file), at) for entry, at in _entries(file)]


def _entries(file: Path) -> list[tuple[dict[str, Any], str]]:
    """Each application's entry as written, and where it is in the file."""
    held = load(file)
    source = str(file)
    if not isinstance(held, dict):
        raise ConfigurationError(source, "file", "is not a mapping", allowed=list(File.model_fields))
    _check_depth(held, source)
    try:
        entries = File.model_validate(held).applications
    except ValidationError as error:
        problem = first_problem(error, File, held, source)
        raise problem or ConfigurationError(source, "applications", "is not a list of applications") from None
    return [(entry, f"applications[{index}]") for index, entry in enumerate(entries)]


def _check_depth(held: Any, source: str) -> None:
    """Refuse an alias that holds itself, `.inf` and `.nan`: they could not be kept as JSON."""
    try:
        digest(held)
    except (ValueError, RecursionError):
        problem = "holds an alias of itself, or a number that is none (.inf, .nan)"
        raise ConfigurationError(source, "file", problem) from None


def _described(entry: dict[str, Any], source: str, at: str) -> Described:
    try:
        Document.model_validate(entry)
    except ValidationError as error:
        problem = first_problem(error, Document, entry, source, at, later=True)
        if problem:
            raise problem from None
    if key := command_with_secret(entry.get("drill")):
        said = "holds a reference: its value could be read in the list of processes; name it in `drill.env`"
        raise ConfigurationError(source, f"{at}.{key}" if at else key, said)
    name = entry["name"]
    return Described(name=name, raw=entry, source=source, at=at, digest=digest(entry))
