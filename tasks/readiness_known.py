"""What the checks of readiness look at: the application, and a survey of it that is made once for all of them."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property

from blocks.deadline import begun
from blocks.document import Document
from blocks.installation import Installation
from blocks.store import drills
from domain.errors import BackoutError
from domain.eta import Eta, expected
from domain.release import Slot
from domain.request import Request
from domain.situation import Situation
from domain.target import choose
from tasks.assess import situation_of_request
from tasks.survey import look_around


class NotSeen(Exception):
    """A check could not look, for a reason that is another check's to tell."""


@dataclass
class Known:
    """One look at an application.

    Attributes:
        document: None where it cannot be used, and `away` says why.
        ask_prefect: where Prefect answers; raises PrefectUnavailable, or Drift where runs would refuse the block.
    """

    here: Installation
    application: str
    ask_prefect: Callable[[], str]
    document: Document | None = None
    away: BackoutError | None = None
    _situation: Future[Situation] | None = field(default=None, repr=False)

    def survey(self) -> None:
        """Begin the survey: it is made beside the checks that need none."""
        if self.document is not None:
            self._situation = begun(self._look, "survey for readiness")

    @property
    def described(self) -> Document:
        """The document. Raises NotSeen where it cannot be used."""
        if self.document is None:
            raise NotSeen("the document cannot be used")
        return self.document

    @property
    def situation(self) -> Situation:
        """What a rollback would rest on now. Raises NotSeen where the application cannot be surveyed."""
        if self._situation is None:
            raise NotSeen("the document cannot be used")
        try:
            return self._situation.result()
        except BackoutError as error:
            raise NotSeen(f"where it stands cannot be seen: {error.what()}") from error

    @property
    def surveyed(self) -> bool:
        """Whether the survey came to its end well."""
        done = self._situation is not None and self._situation.done()
        return done and self._situation is not None and self._situation.exception() is None

    @property
    def target(self) -> Slot | None:
        """The slot that a rollback would go to now; None where there is none. Raises NotSeen."""
        return choose(self.situation)

    @property
    def goes_to(self) -> Slot:
        """The same, where there must be one. Raises NotSeen."""
        target = self.target
        if target is None:
            raise NotSeen("there is no release to go back to")
        return target

    @cached_property
    def eta(self) -> Eta | None:
        """How long it would take; None where nothing was seen to measure by. Raises NotSeen, StoreUnavailable."""
        past = self.situation.past_s
        return expected(past, [] if past else drills.elsewhere(self.here.store.database, self.application))

    def _look(self) -> Situation:
        try:
            document = self.described
            asked = Request(application=self.application, reason="", by="readiness")
            return situation_of_request(self.here.store, document, asked, look_around(document))
        finally:
            self.here.store.rest()
