"""A program, machine or server did not do its part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError


@dataclass(eq=False)
class CommandFailed(BackoutError):
    """A program ended with another exit code than 0, or not within its time.

    Attributes:
        argv: the program and its arguments; never holds a secret.
        exit_code_seen: None where it was stopped at its timeout.
        output: the last lines it printed.
    """

    argv: Sequence[str]
    exit_code_seen: int | None
    output: str = ""

    def what(self) -> str:
        ended = "did not end in time" if self.exit_code_seen is None else f"ended with {self.exit_code_seen}"
        return f"{' '.join(self.argv)}: {ended}: {self.output.strip()[-400:]}"

    def next_step(self) -> str:
        return "run it by hand on that host to see all it says"


@dataclass(eq=False)
class Unreachable(BackoutError):
    """A machine, server or socket did not answer; a later try can succeed."""

    retryable: ClassVar[bool] = True
    what_it_is: str
    address: str
    why: str

    def what(self) -> str:
        return f"{self.what_it_is} at {self.address} does not answer: {self.why}"

    def next_step(self) -> str:
        return "`backout doctor APP` says whether it runs, whether this host reaches it, and what mends it; then try again"


@dataclass(eq=False)
class ToldToWait(Unreachable):
    """A service takes no more for now, and says for how long. `wait_s`: seconds."""

    wait_s: float

    def what(self) -> str:
        return f"{self.what_it_is} at {self.address} takes no more for {self.wait_s:g} s: {self.why}"

    def next_step(self) -> str:
        return f"try again in {self.wait_s:g} s; ask less often where this comes again"


@dataclass(eq=False)
class NotPermitted(Unreachable):
    """A file or folder of this host that this user may not use."""

    retryable: ClassVar[bool] = False

    def what(self) -> str:
        return f"{self.what_it_is} {self.address} cannot be used: {self.why}"

    def next_step(self) -> str:
        return (
            f"let this user use {self.address}, or name another place in backout.yaml and run `backout apply`"
        )


@dataclass(eq=False)
class UntrustedHost(Unreachable):
    """A machine whose ssh key is not the one this host knows of it: it may be another machine."""

    retryable: ClassVar[bool] = False
    known_hosts: str

    def what(self) -> str:
        return f"{self.what_it_is} {self.address} is not trusted: {self.why}"

    def next_step(self) -> str:
        return (
            f"read the key's fingerprint on that machine itself (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`);"
            f" where it is the same, put what `ssh-keyscan` says of it into {self.known_hosts}"
        )


def unusable(what_it_is: str, address: str, error: OSError) -> Unreachable:
    """What the system said of a file or folder of this host: that it may not be used, or whatever else it is."""
    kind = NotPermitted if isinstance(error, PermissionError) else Unreachable
    return kind(what_it_is=what_it_is, address=address, why=error.strerror or str(error))


@dataclass(eq=False)
class Busy(BackoutError):
    """Another process of this host has its turn on the application, and keeps it.

    Attributes:
        holder: its process id, as it noted it; empty where it did not.
        file: the lock's file.
    """

    retryable: ClassVar[bool] = True
    application: str
    holder: str
    waited_s: float
    file: str

    def what(self) -> str:
        who = f"process {self.holder}" if self.holder else "another process"
        return f"{self.application}: {who} of this host has been acting on it for over {self.waited_s:g} s"

    def next_step(self) -> str:
        who = f"process {self.holder}" if self.holder else f"the process that `fuser {self.file}` shows"
        return (
            f"see what {who} does (`ps -fp`); where it hangs, end it: its lock goes with it. Then try again"
        )


@dataclass(eq=False)
class EngineUnavailable(Unreachable):
    """The Docker engine does not answer, or answers that it cannot."""

    def next_step(self) -> str:
        return "`docker info` and `systemctl status docker` say more; start it, or correct DOCKER_HOST, then try again"


@dataclass(eq=False)
class StoreUnavailable(Unreachable):
    """The store's PostgreSQL does not answer."""

    def next_step(self) -> str:
        return "`backout rollback APP --break-glass` works without it"


@dataclass(eq=False)
class PrefectUnavailable(Unreachable):
    """Prefect's API does not answer."""

    def next_step(self) -> str:
        return "start `backout serve`, or go on without Prefect: `backout rollback APP --break-glass`"
