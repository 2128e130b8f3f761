"""The record of an application's incidents, and who may act now: what a run needs of wherever it is kept.

Two keep it: `blocks.store` in PostgreSQL, and `blocks.local_ledger` in a folder of this host for when the store is down.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.consent import Approval
from domain.incident import Incident
from domain.journal import Entry
from domain.message import Message
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.precedence import Phase
from domain.release import Release
from domain.request import Request

LEASE_S = 10
"""Seconds an acting run holds an application after its last sign of life."""


@dataclass(frozen=True)
class Hold:
    """The right to act on an application. A higher token takes it away."""

    application: str
    incident: str
    token: int


@dataclass(frozen=True)
class Begun:
    """How a request was taken in.

    Attributes:
        incident: the one that is worked on: new, our own from before a crash, or another run's.
        hold: None where another run holds the application (we join it) or the incident has ended.
        resumed: whether this incident was begun by an earlier process.
    """

    incident: Incident
    hold: Hold | None
    resumed: bool = False


@dataclass(frozen=True)
class Holder:
    """Who has an application now. `alive`: within its lease, or before its deadline."""

    incident: str
    phase: Phase
    alive: bool


class Ledger(ABC):
    """Incidents, plans, journal, lock, releases, approvals and messages of all applications.

    Every method raises `StoreUnavailable` where the place it is kept in does not answer.
    """

    def rest(self) -> None:
        """Give back what the calling thread holds open, such as a connection; the next call opens it again."""
        return

    @abstractmethod
    def begin(self, request: Request, run: str) -> Begun:
        """Take a request in, in one step with the lock; see `domain.precedence`.

        The same `run` always gets the incident it began, and the one it joined where that has ended. A run that finds
        a dead holder takes its incident over, with its plan. `run`: an id that stays the same when the run is started again.
        """

    @abstractmethod
    def check(self, hold: Hold) -> None:
        """Raise LostLock unless this hold is still the latest, and its incident open."""

    @abstractmethod
    def renew(self, hold: Hold) -> None:
        """A sign of life: the lease runs for `LEASE_S` from now, unless people are asked. Raises LostLock."""

    @abstractmethod
    def wait(self, hold: Hold, until: datetime) -> None:
        """Keep the application while people are asked, without a process, until the deadline. Raises LostLock."""

    @abstractmethod
    def keep_plan(self, hold: Hold, plan: Plan) -> Plan:
        """Keep the incident's plan, and return the kept one: the first plan stays. Raises LostLock."""

    @abstractmethod
    def close(self, hold: Hold, outcome: Outcome) -> None:
        """End the incident and let the application go. A no-op where it has ended. Raises LostLock."""

    @abstractmethod
    def incident(self, incident: str) -> Incident:
        """The incident. Raises UnknownIncident."""

    @abstractmethod
    def incidents(self, application: str | None = None, since: datetime | None = None) -> list[Incident]:
        """Newest first."""

    @abstractmethod
    def tell(self, incident: str, told: dict[str, str]) -> Incident:
        """Keep what people filled in; later words replace earlier ones."""

    @abstractmethod
    def reported(self, incident: str, path: str) -> None:
        """Keep where the report lies."""

    @abstractmethod
    def append(self, incident: str, kind: str, data: dict[str, Any]) -> Entry:
        """Add one entry to the incident's journal."""

    @abstractmethod
    def entries(self, incident: str) -> list[Entry]:
        """The incident's journal, in order."""

    @abstractmethod
    def record(self, release: Release) -> None:
        """Keep a release. What is known of its serving and quarantine stays."""

    @abstractmethod
    def releases(self, application: str) -> list[Release]:
        """Newest first."""

    @abstractmethod
    def served(self, application: str, version: str, at: datetime) -> None:
        """Note that traffic was seen on a release; the first time stays. Makes the record where there is none."""

    @abstractmethod
    def good(self, application: str, version: str, since: datetime, until: datetime, by: str) -> None:
        """Note that a release was seen to serve well from then to then, and by whom. Makes the record where there is none."""

    @abstractmethod
    def quarantine(self, application: str, version: str, incident: str | None) -> None:
        """Put a release into quarantine for an incident, or lift it with None."""

    @abstractmethod
    def answer(self, approval: Approval) -> None:
        """Keep a person's answer."""

    @abstractmethod
    def approvals(self, incident: str) -> list[Approval]:
        """Answers so far, oldest first."""

    @abstractmethod
    def post(self, message: Message, channels: Sequence[str]) -> None:
        """Hand a message to the outbox, once a channel; returns at once."""
