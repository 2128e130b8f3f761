"""What is asked of a Caddy that runs from a Caddyfile: to read the file, to load it, and to say what it runs."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from blocks.caddy_api import CaddyApi, Part
from blocks.caddy_program import caddy_program
from blocks.files import replace_file
from domain.errors import CommandFailed

INHERITED = ("PATH", "HOME", "LANG")


class CaddyCommands(Protocol):
    """A Caddy on this host, or in a container. Paths are this host's."""

    def adapt(self, file: Path) -> Any:
        """The file as Caddy's JSON. Raises CommandFailed where it is not valid, Unreachable."""

    def reload(self, file: Path) -> None:
        """Load the file; the old configuration goes on where it is refused. Raises CommandFailed, Unreachable."""

    def running(self) -> Part:
        """The whole configuration that runs, and a stamp that changes with it. Raises Unreachable."""

    def put(self, file: Path, data: bytes) -> None:
        """Replace what the file holds, so that Caddy sees it. Raises OSError."""

    def sees_beside(self, file: Path) -> bool:
        """Whether Caddy sees other files of that folder, too."""

    def by_hand(self, file: Path) -> list[str]:
        """What a person types to load the file."""


@dataclass(frozen=True)
class CaddyHere:
    """Caddy on this host, by its program and its admin API.

    Attributes:
        admin: where its admin API is: `unix//PATH` or `HOST:PORT`.
        env: variables the Caddyfile uses; secrets.
    """

    admin: str
    timeout_s: float
    program: str
    env: Mapping[str, SecretStr] = field(default_factory=dict)

    def adapt(self, file: Path) -> Any:
        return json.loads(self._caddy("adapt", "--config", str(file)))

    def reload(self, file: Path) -> None:
        self._caddy("reload", "--config", str(file), "--address", self.admin)

    def running(self) -> Part:
        return CaddyApi(self.admin, self.timeout_s).get("/config/")

    def put(self, file: Path, data: bytes) -> None:
        replace_file(file, data)

    def sees_beside(self, file: Path) -> bool:  # noqa: ARG002 - it sees all that we see
        return True

    def by_hand(self, file: Path) -> list[str]:
        return ["caddy", "reload", "--config", str(file), "--address", self.admin]

    def _caddy(self, command: str, *arguments: str) -> bytes:
        argv = [caddy_program(self.program), command, "--adapter", "caddyfile", *arguments]
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        declared = {name: value.get_secret_value() for name, value in self.env.items()}
        try:
            done = subprocess.run(
                argv, env={**inherited, **declared}, timeout=self.timeout_s, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(argv=argv, exit_code_seen=None) from error
        except OSError as error:
            raise CommandFailed(argv=argv, exit_code_seen=127, output=str(error)) from error
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace")
            raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=said)
        return done.stdout
