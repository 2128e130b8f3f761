"""PostgreSQL's client programs: on this host, in a container, or in a pod."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated, Literal, Self

import psycopg
from psycopg.conninfo import make_conninfo
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from blocks.postgres import child, found
from blocks.postgres.found import Found
from blocks.postgres.password import open_part, password_file, password_of, path_of
from blocks.postgres.server import APPLICATION_NAME
from domain.errors import CommandFailed

CONNECT_S = 5

EngineName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A container's or namespace's name: it can never be taken for an option."""

PodName = Annotated[
    str, StringConstraints(pattern=r"^((deployment|statefulset)/)?[A-Za-z0-9][A-Za-z0-9_.-]*$")
]
"""A pod's name, or whose pod it is."""


class Programs(BaseModel):
    """Where PostgreSQL's programs run, and how they reach the server from there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["found", "container", "pod"] = Field(
        "found", description="Where they run: found on this host, in a container, or in a pod."
    )
    folder: Path | None = Field(
        None,
        description="Their folder. By default PATH, then Debian's folders, then Backout's own PostgreSQL.",
    )
    container: EngineName | None = Field(None, description="The container, or the pod's container.")
    pod: PodName | None = Field(
        None, description="The pod, for `kubectl exec`, or `deployment/NAME` for its only one."
    )
    namespace: EngineName | None = Field(None, description="The pod's namespace.")
    host: str | None = Field(None, description="The server's host, as it is called where they run.")
    port: int | None = Field(None, ge=1, le=65535, description="The server's port, as it is where they run.")

    @model_validator(mode="after")
    def _places_match(self) -> Self:
        """Each kind has what it needs, and nothing that would be passed over without a word."""
        needed = {"found": None, "container": self.container, "pod": self.pod}
        if self.kind != "found" and not needed[self.kind]:
            raise ValueError(f"kind {self.kind} needs the name of the {self.kind}: set `{self.kind}`")
        if self.kind != "pod" and (self.pod or self.namespace):
            raise ValueError(
                f"pod and namespace mean nothing to kind {self.kind}: remove them, or set kind: pod"
            )
        if self.kind == "found" and self.container:
            raise ValueError("container means nothing to kind found: remove it, or set kind: container")
        return self

    @property
    def on_this_host(self) -> bool:
        """Whether they read and write this host's files; elsewhere all goes through stdin and stdout."""
        return self.kind == "found"

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The argument list that runs another one where the programs are."""
        if self.kind == "container":
            return ["docker", "exec", "-i", str(self.container), *argv]
        if self.kind == "pod":
            where = ["--namespace", self.namespace] if self.namespace else []
            which = ["--container", self.container] if self.container else []
            return ["kubectl", "exec", "-i", *where, str(self.pod), *which, "--", *argv]
        return list(argv)

    def check(self, name: str, server_version: int | None) -> Found:
        """The program to use for a server, and its version.

        Args:
            name: `pg_dump`, `pg_restore`, `psql` ...
            server_version: `server_version_num`, like 180001; None: any version does.

        Raises:
            ProgramUnfit: it is missing, or older than the server.
            CommandFailed: the container or pod could not be asked.
        """
        if self.on_this_host:
            return found.best(name, self.folder, server_version)
        needed = server_version // 10000 if server_version else 0
        seen = self._asked_inside(name)
        if seen is None or seen.major < needed:
            raise found.unfit(name, [seen] if seen else [], needed)
        return seen

    def _asked_inside(self, name: str) -> Found | None:
        argv = self.inside([str(self.folder / name) if self.folder else name])
        try:
            return found.asked(tuple(argv))
        except CommandFailed as error:
            missing = error.exit_code_seen in {child.NOT_FOUND, child.NOT_EXECUTABLE}
            if missing and shutil.which(argv[0]):
                return None
            raise

    def run(  # noqa: PLR0913 -- the streams have defaults, and are what every program has
        self,
        name: str,
        args: Sequence[str],
        address: SecretStr | None,
        *,
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
        on_line: Callable[[str], None] = child.no_line,
        on_tick: Callable[[], None] = child.nothing,
    ) -> None:
        """Run a program to its end, in the caller's thread; it asks for no password and leaves no process behind.

        Args:
            name: as in `check`.
            args: without an address and a password.
            address: the database, given as `--dbname`; None for what needs no server, like `pg_restore --list`.
            stdin: a file or pipe with a descriptor of its own (a `GzipFile` has none).
            stdout: where its output goes; None: it comes as lines too.
            on_line: called with each line it says.
            on_tick: called about four times a second; what it raises ends the program.

        Raises:
            ProgramUnfit: it is missing, or older than the server.
            CommandFailed: it ended badly, or its container or pod could not be reached; holds no secret.
        """
        program = self.check(name, _version_of(address))
        password = password_of(address)
        with self._password(password) as (passfile, inherited):
            where: list[str] = []
            if address:
                target = open_part(address, host=self.host, port=self.port, passfile=passfile)
                where = [f"--dbname={target}", "--no-password"]
            ends = child.Ends(stdin, stdout, on_line, on_tick, inherited)
            child.run([*program.argv, *where, *args], _environment(password), ends)

    @contextmanager
    def _password(self, password: str | None) -> Iterator[tuple[str | None, Sequence[int]]]:
        """Path of a PGPASSFILE where the programs run, and the descriptors that must be inherited to read it."""
        if password is None:
            yield None, ()
            return
        with password_file(password) as descriptor:
            if self.on_this_host:
                yield path_of(descriptor), (descriptor,)
            else:
                with self._placed(descriptor) as path:
                    yield path, ()

    @contextmanager
    def _placed(self, descriptor: int) -> Iterator[str]:
        """The file's copy, of mode 0600, in the container or pod. It comes through stdin, and goes at the end."""
        path = f"/tmp/.backout-pgpass-{secrets.token_hex(8)}"  # noqa: S108 - the one folder every image has
        put = self.inside(["install", "-m", "600", "/dev/stdin", path])
        with os.fdopen(os.dup(descriptor), "rb") as line:
            child.run(put, os.environ, child.Ends(stdin=line))
        try:
            yield path
        finally:
            with suppress(CommandFailed):  # the engine went away; what the program said matters more
                child.run(self.inside(["rm", "-f", path]), os.environ, child.Ends())


def _environment(password: str | None) -> dict[str, str]:
    """Ours, with messages in English, and without a password that would win over the address's own."""
    kept = {name: value for name, value in os.environ.items() if not (password and name == "PGPASSWORD")}
    return {**kept, "LC_ALL": "C.UTF-8"}


def _version_of(address: SecretStr | None) -> int | None:
    """The server's version; None where it does not answer: the program says why in its own words."""
    if address is None:
        return None
    whole = make_conninfo(address.get_secret_value(), connect_timeout=CONNECT_S)
    try:
        with psycopg.connect(whole, application_name=APPLICATION_NAME) as connection:
            return connection.info.server_version
    except psycopg.OperationalError:
        return None
