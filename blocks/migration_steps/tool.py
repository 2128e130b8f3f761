"""Another team's migration tool: its commands, where they run, and what it prints."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from blocks.migration_steps.address import as_url
from blocks.migration_steps.child import Child, Ended
from blocks.migration_steps.places import OF_CLIENTS, Place
from blocks.postgres.server import Connection
from domain.database.migration import SchemaStatus, by_number


@dataclass(frozen=True)
class Tool:
    """How its commands run.

    Attributes:
        place: None for this host.
        variable: what gets the address; None where the tool has one of its own.
        address: of the server as the tool sees it, for any database.
        scheme: how the address begins.
    """

    place: Place | None
    cwd: Path | None
    env: Mapping[str, SecretStr]
    variable: str | None
    address: SecretStr
    scheme: str
    timeout_s: float

    def shown(self, command: Sequence[str]) -> str:
        """The command as people would type it."""
        return " ".join(self.place.inside(list(command), None) if self.place else command)

    def run(self, command: Sequence[str], database: str, holder: Connection | None = None) -> Ended:
        """To its end. `holder`: holds the lock. Raises CommandFailed where it cannot be started."""
        url = self._url(database)
        env = {name: value.get_secret_value() for name, value in self.env.items()}
        argv, given = list(command), ""
        if self.place:
            argv = self.place.inside(argv, self.variable)
            given = f"{url.get_secret_value()}\n" if self.variable else ""
            env = {name: os.environ[name] for name in OF_CLIENTS if name in os.environ} | env
        elif self.variable:
            env[self.variable] = url.get_secret_value()
        secrets = [*self.env.values(), url, *self._password()]
        stays_open = self.place is not None
        return Child(argv, self.cwd, env, given, self.timeout_s, holder, secrets, stays_open).run()

    def _url(self, database: str) -> SecretStr:
        address = make_conninfo(self.address.get_secret_value(), dbname=database)
        return as_url(SecretStr(address), self.scheme)

    def _password(self) -> list[SecretStr]:
        password = conninfo_to_dict(self.address.get_secret_value()).get("password")
        return [SecretStr(str(password))] if password else []


@dataclass(frozen=True)
class StatusPatterns:
    """Regular expressions for what a status command prints, line by line; the first group is the version."""

    applied: str | None
    pending: str | None
    dirty: str | None

    def read(self, printed: str) -> SchemaStatus:
        """What they find."""
        return SchemaStatus(
            applied=_versions(self.applied, printed),
            pending=_versions(self.pending, printed),
            dirty=next(iter(_versions(self.dirty, printed)), None),
        )


def version_pattern(text: str) -> str:
    """The pattern, if it is one and has one group. Raises ValueError."""
    try:
        groups = re.compile(text, re.MULTILINE).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError("needs one group, for the version: (?:...) groups without being one")
    return text


def _versions(pattern: str | None, printed: str) -> list[str]:
    """Oldest first, each once."""
    found = re.findall(pattern, printed, re.MULTILINE) if pattern else []
    return sorted(set(found), key=by_number)
