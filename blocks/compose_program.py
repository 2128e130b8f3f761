"""The compose program, whichever is there: `docker compose` (v2), else `docker-compose` (v1)."""

import os
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from blocks.fields import AbsolutePath
from blocks.hosts.local import INHERITED, Local, nothing
from blocks.process import NOT_FOUND
from domain.errors import CommandFailed

ASK_S = 60.0
PROGRAMS = (("docker", "compose"), ("docker-compose",))


class ComposeProject(BaseModel):
    """One project, as `docker compose --project-name ... --file ...` names it. Every call builds argv and runs it.

    Only options that both programs know are used. Variables of Backout's own environment do not reach the files: a
    secret belongs into `.env` beside them, or into an `env_file`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", description="The project's name; containers carry it."
    )
    folder: AbsolutePath = Field(description="Where relative paths in the files start, and `.env` lies.")
    files: list[Path] = Field(min_length=1, description="Compose files, below `folder` or absolute.")
    variables: dict[str, str] = Field(
        default_factory=dict,
        description="Variables that the files use, beside those of `.env`. Not for secrets.",
    )

    def argv(self, *arguments: str) -> list[str]:
        """The whole command, program first. Raises CommandFailed where there is no program."""
        files = [word for file in self.files for word in ("--file", str(self.folder / file))]
        return [
            *program(),
            "--project-name",
            self.name,
            "--project-directory",
            str(self.folder),
            *files,
            *arguments,
        ]

    def run(
        self,
        *arguments: str,
        timeout_s: float,
        more: Mapping[str, str] | None = None,
        meanwhile: Callable[[], None] = nothing,
    ) -> str:
        """Run it; what it printed. `more`: further variables; `meanwhile`: as `Local.run` has it. Raises CommandFailed."""
        return self._ran(self.argv(*arguments), timeout_s, meanwhile, more or {})

    def run_alone(self, *arguments: str, timeout_s: float, meanwhile: Callable[[], None] = nothing) -> str:
        """The same, after every other call of this that runs on this host, in which time counts too.

        The program itself holds the lock (`flock`, of util-linux), on the first Compose file: it may outlive who called it.
        `meanwhile`: as `Local.run` has it.
        """
        alone = ["flock", "--exclusive", str(self.folder / self.files[0])]
        return self._ran([*alone, *self.argv(*arguments)], timeout_s, meanwhile, {})

    def _ran(
        self, argv: list[str], timeout_s: float, meanwhile: Callable[[], None], more: Mapping[str, str]
    ) -> str:
        ran = Local().run(
            argv, cwd=self.folder, timeout_s=timeout_s, env={**self.variables, **more}, meanwhile=meanwhile
        )
        if ran.exit_code != 0:
            raise CommandFailed(argv=ran.argv, exit_code_seen=ran.exit_code, output=ran.output)
        return ran.output

    def rendered(self) -> dict[str, Any]:
        """The files as compose reads them, variables filled in: it may hold secrets. Raises CommandFailed."""
        argv = self.argv("config")
        done = self._printed(argv)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace")
            raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=said)
        try:
            found = yaml.safe_load(done.stdout)
        except yaml.YAMLError:
            found = None
        if not isinstance(found, dict):  # what it printed may hold secrets, so it is not shown
            raise CommandFailed(argv=argv, exit_code_seen=0, output="printed no YAML document")
        return found

    def _printed(self, argv: list[str]) -> subprocess.CompletedProcess[bytes]:
        """Both streams apart: compose warns on stderr of variables that are not set."""
        try:
            return subprocess.run(
                argv, cwd=self.folder, env=environment(self.variables), stdin=subprocess.DEVNULL,
                capture_output=True, timeout=ASK_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise CommandFailed(argv=argv, exit_code_seen=None) from None
        except OSError as error:
            raise CommandFailed(argv=argv, exit_code_seen=NOT_FOUND, output=str(error)) from error


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The variables that the program gets: these, and the few of ours that every command gets."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(more)


@cache
def program() -> tuple[str, ...]:
    """`docker compose`, else `docker-compose`. Raises CommandFailed where neither is there."""
    for words in PROGRAMS:
        try:
            Local().check([*words, "version"], timeout_s=ASK_S)
        except CommandFailed:
            continue
        return words
    problem = "neither `docker compose` (the plug-in) nor `docker-compose` is installed"
    raise CommandFailed(argv=["docker", "compose", "version"], exit_code_seen=NOT_FOUND, output=problem)
