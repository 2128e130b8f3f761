"""`alerts.yaml` below `BACKOUT_HOME`: who may send alerts to this host, and how each proves it."""

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from blocks.configuration_errors import first_problem
from blocks.home import Home
from blocks.secrets import resolve
from blocks.yaml_file import load
from deployments.gateway.senders.contract import Sender
from domain.errors import ConfigurationError, UnknownKind
from domain.names import PART

FILE = "alerts.yaml"
FOLDER = Path(__file__).parent / "senders"
NOT_A_KIND = ("__init__", "contract")
KEY = "senders"
BY_TOKEN = ("alertmanager", "datadog", "generic", "grafana", "prometheus")
"""Who sends with the API's own token where there is no file."""

Senders = Mapping[str, Sender]


def senders_of(home: Home, token: str, *, loopback: bool) -> Senders:
    """Who may send alerts, by name. Without a file: those who send the API's token.

    Args:
        home: holds the file.
        token: the API's.
        loopback: whether nobody but this host can reach the API.

    Raises:
        ConfigurationError: file, key, problem, and what is allowed.
        MissingSecret: a reference cannot be resolved.
    """
    file = home.root / FILE
    if not file.exists():
        return {kind: sender_class(kind).model_validate({"name": kind, "bearer": token}) for kind in BY_TOKEN}
    found = {name: _sender(name, entry, str(file)) for name, entry in _entries(file).items()}
    open_ones = [name for name, sender in found.items() if not sender.guarded]
    if open_ones and not loopback:
        problem = "has no credentials, and the API listens to other hosts (BACKOUT_API_HOST)"
        raise ConfigurationError(
            str(file), f"{KEY}.{open_ones[0]}", problem, _credentials(found[open_ones[0]])
        )
    return found


def kinds() -> list[str]:
    """The kinds of senders: the folder's files, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NOT_A_KIND)


@cache
def sender_class(kind: str) -> type[Sender]:
    """The sender that the kind's file defines. Raises ValueError, before anything is imported."""
    if kind not in kinds():
        raise ValueError(kind)
    module = importlib.import_module(f"deployments.gateway.senders.{kind}")
    [found] = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Sender) and member.__module__ == module.__name__
    ]
    return found


def _entries(file: Path) -> dict[str, Any]:
    held = load(file)
    entries = held.get(KEY) if isinstance(held, dict) else None
    if not isinstance(held, dict) or held.keys() - {KEY} or not isinstance(entries, dict):
        raise ConfigurationError(
            str(file), "file", "is not a mapping with `senders`, name -> settings", [KEY]
        )
    return entries


def _sender(name: Any, entry: Any, source: str) -> Sender:
    at = f"{KEY}.{name}"
    if not isinstance(name, str) or not PART.fullmatch(name):
        raise ConfigurationError(source, at, "a sender's name is small letters, digits and dashes")
    if not isinstance(entry, dict):
        raise ConfigurationError(source, at, "is not a mapping")
    given = {"kind": name, **entry}
    if given["kind"] not in kinds():
        raise UnknownKind(source, f"{at}.kind", "no such kind of senders", kinds())
    found = sender_class(given["kind"])
    try:
        return found.model_validate({**resolve(given, source, {}, at), "name": name})
    except ValidationError as error:
        problem = first_problem(error, found, given, source, at)
    raise problem or ConfigurationError(source, at, "is not a sender's settings")


def _credentials(sender: Sender) -> list[str]:
    """The keys that would guard it."""
    own = [key for key in type(sender).model_fields if key.endswith("secret")]
    return [*own, "bearer", "user and password"]
