"""`POST /alerts/{sender}`: who it is, what it says, whose it is; on disk before it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from blocks.home import Home
from deployments import measures
from deployments.alert_spool import spool_of
from deployments.gateway.known import KnownApplications
from deployments.gateway.requests import BadRequest
from deployments.gateway.senders.contract import Call, Sender, Unauthenticated
from deployments.gateway.senders_file import Senders
from domain.alert import Received
from domain.errors import BackoutError

SHOWN = 5


@dataclass(eq=False)
class UnknownSender(BackoutError):
    """An address that no sender has."""

    def what(self) -> str:
        """What it is."""
        return "there is no such sender"

    def next_step(self) -> str:
        """Where they are named."""
        return "name it in alerts.yaml below BACKOUT_HOME on the host of `backout serve`"


class UnknownAlerts(BadRequest):
    """Alerts of no application that is known; nothing is started, and an event says so."""


class Intake:
    """Takes alerts in; what it answered well is on disk."""

    def __init__(self, home: Home, senders: Senders) -> None:
        self._senders = senders
        self._known = KnownApplications(home)
        self._spool = spool_of(home)

    def sender(self, name: str) -> Sender:
        """The sender of this name. Raises UnknownSender."""
        found = self._senders.get(name)
        if found is None:
            measures.ALERTS.labels("other", "refused").inc()
            raise UnknownSender
        return found

    def admit(self, sender: Sender, headers: Mapping[str, str]) -> None:
        """Raise Unauthenticated where the headers tell that the caller is not this sender: its body is not read."""
        try:
            sender.admit(headers)
        except Unauthenticated:
            measures.ALERTS.labels(sender.name, "refused").inc()
            raise

    def take(self, sender: Sender, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            Unauthenticated: the caller is not this sender; nothing was read.
            BadAlert: what it sent is no alert.
            UnknownAlerts: none of its alerts is of a known application.
            StoreUnavailable, Unreachable, SpoolFull, OSError: it is to try again.
        """
        call = Call(headers, body, datetime.now(UTC))
        try:
            sender.authenticate(call)
            found = [sender.own(one) for one in self._known.received(sender.read(call))]
        except (Unauthenticated, BadRequest):
            measures.ALERTS.labels(sender.name, "refused").inc()
            raise
        if found:
            self._spool.put(found)
        return _answer(found)


def _answer(found: list[Received]) -> dict[str, Any]:
    unknown = [one.problem for one in found if one.application is None]
    if unknown and len(unknown) == len(found):
        step = "give the alert a label `application` that its sender may name, or the application a rule below `alerts.rules`"
        raise UnknownAlerts("; ".join(unknown[:SHOWN]), step=f"{step}: docs/alerts.md")
    return {
        "accepted": len(found) - len(unknown),
        "alerts": [
            {"application": one.application, "event": str(one.alert.event_id), "status": one.alert.status}
            for one in found
            if one.application
        ],
        "unknown": unknown[:SHOWN],
    }
