"""What can stop a run that has begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError


@dataclass(eq=False)
class Conflict(BackoutError):
    """What we looked at was changed by somebody else before we acted; nothing was changed by us."""

    retryable: ClassVar[bool] = True
    on: str
    expected: str
    found: str

    def what(self) -> str:
        return f"{self.on} is {self.found}, not {self.expected} as seen a moment ago"

    def next_step(self) -> str:
        return "look at `backout status`, then start again"


@dataclass(eq=False)
class SwitchUnclear(BackoutError):
    """A switch was asked for, and whether it takes place cannot be told. It is not asked for again by itself.

    Attributes:
        address: what was asked.
        wanted: from where to where.
        known: what was answered, and what is seen since.
    """

    address: str
    wanted: str
    known: str

    def what(self) -> str:
        return f"{self.address}: whether traffic goes {self.wanted} cannot be told: {self.known}"

    def next_step(self) -> str:
        return "ask it for its status before anything else is sent: the switch may still come"


@dataclass(eq=False)
class LostLock(BackoutError):
    """Another run holds the application now; this one acts no more."""

    application: str
    incident: str

    def what(self) -> str:
        return f"{self.application}: incident {self.incident} no longer holds the lock; another run took over"

    def next_step(self) -> str:
        return f"`backout status {self.application}` shows who holds it"


@dataclass(eq=False)
class EvidenceNotKept(BackoutError):
    """Evidence could not be written before the change, so nothing was changed."""

    where: str
    why: str

    def what(self) -> str:
        return f"evidence could not be kept in {self.where}: {self.why}; nothing was changed"

    def next_step(self) -> str:
        return "free space there, or run `backout rollback APP --runbook emergency`, which keeps evidence after the switch"


@dataclass(eq=False)
class VerificationFailed(BackoutError):
    """Traffic is on the target, and its checks are not all ok.

    Attributes:
        bad: names of the checks that failed or gave no data.
    """

    slot: str
    bad: Sequence[str]

    def what(self) -> str:
        return f"slot {self.slot} does not pass: {', '.join(self.bad)}"

    def next_step(self) -> str:
        return "read the checks in the report; traffic goes back by itself where there is a way back"


@dataclass(eq=False)
class NotReady(BackoutError):
    """The database was changed for a release that then could not be given traffic."""

    application: str
    why: str

    def what(self) -> str:
        return f"{self.application}: the database was changed, and the code could not follow: {self.why}"

    def next_step(self) -> str:
        return "the database is returned to what it was; read why the target is not healthy"


@dataclass(eq=False)
class NotPrepared(BackoutError):
    """A release cannot take the place of the one that serves, which was not touched. `release`: `v1.0.0 (abc1234)`."""

    release: str
    why: str

    def what(self) -> str:
        return f"{self.release} cannot be put in place: {self.why}"

    def next_step(self) -> str:
        return "put that right, or choose another release with --to; what serves was not touched"


@dataclass(eq=False)
class RestartFailed(BackoutError):
    """What serves was restarted in place, and is not healthy."""

    slot: str
    why: str

    def what(self) -> str:
        return f"{self.slot} was restarted, and is not healthy: {self.why}"

    def next_step(self) -> str:
        return "take the release back: `backout rollback APP`"


@dataclass(eq=False)
class ChannelRefused(BackoutError):
    """A channel answered that it will never take this message; it is not sent again."""

    channel: str
    why: str

    def what(self) -> str:
        return f"channel {self.channel} refused the message: {self.why}"

    def next_step(self) -> str:
        return "correct the channel in backout.yaml and run `backout apply`"


@dataclass(eq=False)
class NotAllowed(BackoutError):
    """This person may not do this, or not in this way. `step`: what to do instead, where there is something better."""

    person: str
    wanted: str
    why: str
    step: str = ""

    def what(self) -> str:
        return f"{self.person} may not {self.wanted}: {self.why}"

    def next_step(self) -> str:
        return (
            self.step or "ask somebody who may, or answer in a way that proves who you are: `backout approve`"
        )


@dataclass(eq=False)
class JournalBroken(BackoutError):
    """The record of an incident was changed, cut, or has a gap."""

    incident: str
    problems: Sequence[str]

    def what(self) -> str:
        return f"journal of {self.incident}: {'; '.join(self.problems)}"

    def next_step(self) -> str:
        return "leave the store as it is, and compare it with the heads that were posted to the channels"
