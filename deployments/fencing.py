"""Keeping a living run from acting beside `--break-glass`: its lock in the store is taken, where the store answers."""

import os
import threading
from collections.abc import Callable
from typing import TypeVar

import psycopg

from blocks.home import Home
from blocks.installation import VARIABLE, Installation, last_served
from blocks.local_ledger import LocalLedger
from blocks.store import Store
from blocks.store.fence import Preempted
from deployments.cli.output import errors
from deployments.reconciling import reconcile_one
from domain.errors import BackoutError
from domain.incident import Incident

PATIENCE_S = 2.0
"""Seconds for the store to answer; users wait meanwhile."""

T = TypeVar("T")


class Fence:
    """The store of one application, as far as it answers. No method raises: break-glass goes on without it."""

    def __init__(self, home: Home, local: LocalLedger, run: str) -> None:
        url = os.environ.get(VARIABLE) or (last_served(home) or {}).get("database_url")
        self.store = Store(url, local.key) if url else None
        self.home = home
        self.local = local
        self.run = run

    def raise_it(self) -> None:
        """Take the lock from whoever has it; the mirror learns what the store knows of the incident and of traffic."""
        mirrored = self.local.current()
        known = mirrored.id if mirrored else None
        found = self._asked(lambda store: store.preempt(self.local.application, self.run, known))
        if found is None:
            errors.print(
                "the store cannot be asked: a run that is still alive is not stopped by this one",
                markup=False,
                soft_wrap=True,
            )
            return
        errors.print("the store answers: no other run may act on it now", markup=False)
        self._learn(found)

    def keep(self, incident: Incident) -> None:
        """Give the lock to the incident that is worked on."""
        self._asked(lambda store: store.occupy(incident, self.run))

    def reconcile(self) -> bool:
        """Bring what was done into the store, which lets the application go; whether it is there now."""
        try:
            return self.store is not None and bool(
                reconcile_one(Installation(self.home, self.store), self.local.application)
            )
        except BackoutError:
            return False
        finally:
            if self.store:
                self.store.rest()

    def _learn(self, found: Preempted) -> None:
        if found.releases and not self.local.unreconciled():
            self.local.keep_releases(found.releases)
        mine = self.local.current()
        if mine is not None and mine.outcome is None and found.mirrored and found.mirrored.outcome:
            self.local.mirror_store(found.mirrored, [])
        if found.incident is not None:
            self.local.mirror_store(found.incident, found.entries)

    def _asked(self, ask: Callable[[Store], T]) -> T | None:
        """The store's answer within `PATIENCE_S`; None, and no second question, where it gives none."""
        store, answers, problems = self.store, list[T](), list[str]()
        if store is None:
            return None

        def work() -> None:
            try:
                answers.append(ask(store))
            except BackoutError as error:
                problems.append(error.what())
            except psycopg.Error as error:
                problems.append(f"the store's schema is another one: {type(error).__name__}")
            finally:
                store.rest()

        asking = threading.Thread(target=work, name="fence", daemon=True)
        asking.start()
        asking.join(PATIENCE_S)
        if answers:
            return answers[0]
        self.store = None
        errors.print(*(problems or [f"the store did not answer within {PATIENCE_S:g} s"]), markup=False)
        return None
