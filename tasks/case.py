"""An incident in hand: what every act of a run works on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blocks.document import Document
from blocks.evidence import Evidence
from blocks.installation import Installation
from blocks.ledger import Hold, Ledger
from blocks.local_ledger import LocalLedger
from domain.assess_deploy import TAKE_PLACE
from domain.errors import LostLock, StoreUnavailable
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.request import Request
from tasks import run_log

OF_TRAFFIC = (Happened.SWITCHED, Happened.VERIFIED, Happened.WENT_BACK, Happened.RESTARTING)
"""What a run that goes on without the store must know of; also that a switch was begun."""

SWITCH = "switch"
"""The act that moves traffic to the target."""

BEGINS_TO_MOVE = (SWITCH, TAKE_PLACE)
"""Acts whose start alone may have moved traffic."""

PULSE_S = 2.0
"""Seconds between two signs of life; well below the lease."""


@dataclass
class Case:
    """One incident, its application, and the right to act on it.

    Attributes:
        run: the id under which the run can be started again.
        puts_off: whether a linked run does what can wait until users are served: evidence, report, last words.
        goes_ahead: whether Prefect has not begun its run yet, so that nobody can be asked.
        stopping: set by Ctrl-C; no further act begins.
        whole: the application with all its parts, where `document` is one of them alone.
    """

    installation: Installation
    document: Document
    ledger: Ledger
    incident: Incident
    hold: Hold
    run: str
    puts_off: bool = False
    goes_ahead: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)
    whole: Document = field(init=False)

    def __post_init__(self) -> None:
        """An incident of a part works on that part alone."""
        self.whole = self.document
        self.document = self.document.of_part(self.incident.request.only)

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.incident.request

    @property
    def plan(self) -> Plan:
        """The incident's plan; only there after the assessment."""
        plan = self.ledger.incident(self.incident.id).plan
        if plan is None:
            raise RuntimeError(f"incident {self.incident.id} has no plan yet")
        return plan

    @cached_property
    def evidence(self) -> Evidence:
        """The incident's folder."""
        url = self.document.evidence or str(self.installation.home.evidence)
        return Evidence(url, self.incident)

    def note(self, kind: Happened, **data: Any) -> None:
        """Add an entry to the incident's journal, and a line to the log of a run in Prefect."""
        entry = self.ledger.append(self.incident.id, kind, data)
        if kind in OF_TRAFFIC or (kind is Happened.ACT_STARTED and data["act"] in BEGINS_TO_MOVE):
            self.mirror(lambda local: local.mirror_entry(entry))
        run_log.say(entry)

    def mirror(self, keep: Callable[[LocalLedger], None]) -> None:
        """Keep something on this host for `--break-glass`. A precaution: a full disk does not stop the run."""
        if not isinstance(self.ledger, LocalLedger):
            with suppress(StoreUnavailable):
                keep(self.installation.local(self.document.name))

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Keep the lease alive for the block. A lost lock is found by the check before the next act."""
        stop = threading.Event()
        pulse = threading.Thread(target=self._beat, args=[stop], name="lease", daemon=True)
        pulse.start()
        try:
            yield
        finally:
            stop.set()
            pulse.join()

    def _beat(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(PULSE_S):
                # A store that is away is said by the check before the next act.
                with suppress(StoreUnavailable):
                    self.ledger.renew(self.hold)
        except LostLock:
            return  # the check before the next act says so too
        finally:
            self.ledger.rest()
