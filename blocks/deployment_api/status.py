"""What `GET /deployment/status` says (MVP-011 "Quick Reference", "Manual Rollback" 1). What it leaves out is no data."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from domain.names import VERSION
from domain.release import Release

CURRENT = ("currentEnvironment", "current_environment")
HISTORY = ("deploymentHistory", "deployment_history")
VERSION_NOW = ("currentVersion", "current_version", "version")
ENVIRONMENT = ("environment", "env")
RELEASE = ("version", "release")
TIME = ("timestamp", "deployedAt", "deployed_at")
STATE = ("status", "state")
"""The names under which APIs of this kind are known to give a thing, the usual one first."""

FAILED = ("failed", "failure", "error", "aborted", "cancelled", "canceled", "unhealthy")
UNFINISHED = ("pending", "queued", "started", "in_progress", "in progress", "deploying", "running")

LONGEST_NAME = 100
MOST_ENTRIES = 1000

NO_APPLICATION = "an/api"
"""A platform does not know which application it belongs to; who merges the record does."""

_TIMES = TypeAdapter(datetime)


class Deployed(BaseModel):
    """One entry of the history.

    Attributes:
        version: None where the entry names none, or one that is no version.
        at: None where the entry has no time.
        state: as the API says it, in small letters; empty where it says nothing.
    """

    model_config = ConfigDict(frozen=True)

    environment: str
    version: str | None = None
    at: datetime | None = None
    state: str = ""

    @property
    def served(self) -> bool:
        """Whether it ended well, as far as the API says: a deployment gives its environment the traffic."""
        return self.state not in (*FAILED, *UNFINISHED)

    @property
    def said(self) -> str:
        """One line for a person."""
        when = f"{self.at:%Y-%m-%d %H:%M:%S} UTC" if self.at else "at an unknown time"
        return f"{when} {self.environment} {self.version or 'unknown version'} {self.state}".rstrip()


class ApiStatus(BaseModel):
    """Where the API says that traffic goes, and how it came to that. `history`: oldest first."""

    model_config = ConfigDict(frozen=True)

    current: str
    version: str | None = None
    history: list[Deployed] = []

    @property
    def serving(self) -> Deployed:
        """What serves: the current environment, with the newest release that was deployed to it well."""
        ours = [entry for entry in self.history if entry.environment == self.current]
        well = [entry for entry in ours if entry.served] or ours
        return well[-1] if well else Deployed(environment=self.current, version=self.version)

    @property
    def previous(self) -> Deployed | None:
        """The newest entry of another environment: what a rollback goes back to. None where there is none."""
        return next((entry for entry in reversed(self.history) if entry.environment != self.current), None)

    @property
    def stamp(self) -> str:
        """Changes whenever the status does."""
        return f"{self.current} {hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]}"

    def of(self, environment: str) -> list[Deployed]:
        """The history of one environment, oldest first."""
        return [entry for entry in self.history if entry.environment == environment]

    def releases(self) -> list[Release]:
        """Each release with the times of its first deployment, newest first; those without a time are left out."""
        found: dict[str, Release] = {}
        for entry in self.history:
            if entry.version is None or entry.at is None:
                continue
            first = found.get(entry.version)
            since = first.served_since if first else None
            found[entry.version] = Release(
                application=NO_APPLICATION,
                version=entry.version,
                slot=entry.environment,
                recorded_at=first.recorded_at if first else entry.at,
                recorded_by="the deployment API",
                served_since=since or (entry.at if entry.served else None),
            )
        return sorted(found.values(), key=lambda release: release.recorded_at, reverse=True)


def read(body: Any) -> ApiStatus:
    """The status in an answer's JSON. Raises ValueError where it does not say which environment serves."""
    if not isinstance(body, Mapping):
        raise ValueError("its answer is no JSON object")  # noqa: TRY004 - it came from outside, and is no mistake of a caller
    current = _text(_first(body, CURRENT))
    if current is None:
        raise ValueError(f"its answer has no {CURRENT[0]}")
    listed = _first(body, HISTORY)
    entries = listed[-MOST_ENTRIES:] if isinstance(listed, list) else []
    history = _in_order(entry for entry in map(_entry, entries) if entry)
    return ApiStatus(current=current, version=_version(_first(body, VERSION_NOW)), history=history)


def _entry(raw: Any) -> Deployed | None:
    """One entry; None where it names no environment."""
    environment = _text(_first(raw, ENVIRONMENT)) if isinstance(raw, Mapping) else None
    if environment is None:
        return None
    state = "failed" if raw.get("success") is False else (_text(_first(raw, STATE)) or "").lower()
    return Deployed(
        environment=environment,
        version=_version(_first(raw, RELEASE)),
        at=_time(_first(raw, TIME)),
        state=state,
    )


def _in_order(entries: Iterable[Deployed]) -> list[Deployed]:
    """By time where all have one; else as they are listed, the newest last, as the runbook's `[-5:]` reads them."""
    listed = list(entries)
    timed = [(entry.at, entry) for entry in listed if entry.at is not None]
    if len(timed) < len(listed):
        return listed
    return [entry for _at, entry in sorted(timed, key=lambda pair: pair[0])]


def _first(body: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((body[name] for name in names if body.get(name) is not None), None)


def _text(value: Any) -> str | None:
    """A short text of one line, else None."""
    if not isinstance(value, str) or not value.isprintable() or not value.strip():
        return None
    return value.strip()[:LONGEST_NAME]


def _version(value: Any) -> str | None:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and VERSION.fullmatch(text) else None


def _time(value: Any) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970; without a zone it is UTC."""
    if isinstance(value, bool):
        return None
    try:
        found = _TIMES.validate_python(value)
    except ValidationError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
