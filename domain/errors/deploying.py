"""What stops a deploy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError


@dataclass(eq=False)
class CanaryFailed(BackoutError):
    """A step of a deploy is bad, or cannot be judged in time; traffic goes back.

    Attributes:
        release: the new one.
        share: per cent of the traffic that it had.
    """

    release: str
    share: int
    why: str

    def what(self) -> str:
        return f"{self.release} at {self.share} %: {self.why}"

    def next_step(self) -> str:
        return "traffic goes back by itself; mend the release, and deploy that"


@dataclass(eq=False)
class GateClosed(BackoutError):
    """No yes at a gate of a deploy: a no, or nobody answered in time; traffic goes back.

    Attributes:
        release: the new one.
        share: per cent of the traffic that it had.
        why: who said no and why, or that nobody answered.
    """

    release: str
    share: int
    why: str

    def what(self) -> str:
        return f"no yes to more than {self.share} % for {self.release}: {self.why}"

    def next_step(self) -> str:
        return "all traffic goes back to the release before; deploy it again when that is settled"


@dataclass(eq=False)
class CanaryInterrupted(BackoutError):
    """The run was cut off while the new release was getting the traffic: nobody looked at it meanwhile."""

    release: str

    def what(self) -> str:
        return f"the run was cut off while {self.release} was getting the traffic, and nobody looked at it"

    def next_step(self) -> str:
        return "all traffic goes back to the release before; start the deploy again"


@dataclass(eq=False)
class CanaryLeft(BackoutError):
    """A superseded deploy's canary could not be ended: the slot that served before it is not healthy."""

    slot: str

    def what(self) -> str:
        return f"{self.slot} is not healthy, so the traffic stays shared out as the deploy left it"

    def next_step(self) -> str:
        return "make it healthy (`backout doctor APP`), or give one release all traffic: `backout rollback APP --to RELEASE`"


@dataclass(eq=False)
class NotInstalled(BackoutError):
    """A release did not come into its slot."""

    release: str
    slot: str
    why: str

    def what(self) -> str:
        return f"{self.release} is not in {self.slot}: {self.why}"

    def next_step(self) -> str:
        return "correct what is said above in backout.yaml, or put the release there yourself; then deploy it again"


@dataclass(eq=False)
class InTheWay(BackoutError):
    """A deploy goes before nobody: another run has the application."""

    exit_code: ClassVar[int] = 1
    application: str
    incident: str

    def what(self) -> str:
        return f"{self.application} is worked on: incident {self.incident}; a deploy goes before nobody"

    def next_step(self) -> str:
        return (
            f"wait for its end (`backout status {self.application}`), then start the deploy again; a deploy whose run died"
            f" ends when the same one is asked for again, or with `backout rollback {self.application}`"
        )
