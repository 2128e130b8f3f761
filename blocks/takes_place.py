"""What a platform without a standby promises that a new release can be deployed to: it takes the place of the one that serves."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from blocks.hosts.local import nothing
from blocks.routers.contract import Receipt, Route
from domain.release import Slot

Bring = Callable[[], None]
"""Runs `deploy.install`, and returns when it has ended well. Raises CommandFailed, LostLock."""


class TakesPlace(ABC):
    """A platform without a standby: a new release takes the place of the one that serves, which is kept to be gone back to."""

    @abstractmethod
    def place_for(self, release: str, *, brought: bool) -> Slot:
        """The slot that the release will serve from. Changes nothing.

        Args:
            release: as it was asked for.
            brought: whether `deploy.install` can bring what the platform does not hold.

        Raises:
            NotPrepared: it can be put nowhere.
            Unreachable: it cannot be asked.
        """

    @abstractmethod
    def no_way_back(self, serving: str) -> str:
        """Why nobody could go back to this slot once another release has its place; empty where one can. Changes nothing."""

    @abstractmethod
    def keep_way_back(self, serving: str) -> list[str]:
        """Keep what going back to this slot needs: images, revision, configuration; what was kept. May be repeated.

        Raises:
            NotPrepared: something of it is not there to be kept. What serves was not touched.
        """

    def unfinished(self) -> str:
        """What goes on by itself, and may still change what serves, in one line; empty where nothing does. Changes nothing.

        Raises Unreachable.
        """
        return ""

    @abstractmethod
    def take_place(
        self,
        slot: Slot,
        release: str,
        expected: Route,
        bring: Bring,
        meanwhile: Callable[[], None] = nothing,
    ) -> Receipt:
        """Put the release in the place of the one that serves, and wait until it runs. A no-op where it has that place.

        Until the last step is done `route` says the slot before, and `activate` with that slot undoes what was begun.

        Args:
            slot: what `place_for` gave.
            release: what it holds afterwards.
            expected: what serves now, as it was seen.
            bring: called at most once, where the platform does not hold the release.
            meanwhile: called again and again while it is waited for; what it raises ends the wait, and is raised here.
                What was begun stays as it is then.

        Raises:
            Conflict: something else serves than expected; nothing was changed.
            NotInstalled: all of it was done, and the release is not there.
            CommandFailed, RolloutStalled, NotPrepared, Unreachable: it broke off.
        """


class Compares(ABC):
    """A platform that can tell how two releases differ: Aldeia's pre-deployment checks 3 and 4."""

    @abstractmethod
    def difference(self, old: str, new: str) -> list[str]:
        """What `new` brings, in a few lines, the summary first; empty where it cannot be told. Changes nothing."""
