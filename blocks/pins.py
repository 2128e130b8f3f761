"""What a platform promises that can keep releases from the clean-up of their host: `docker image prune`, `git gc`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from domain.release import Release


class Pins(ABC):
    """A platform on whose host something may take away what a rollback would run, without any rollback knowing."""

    @abstractmethod
    def pin(self, application: str, releases: Sequence[Release]) -> list[str]:
        """Hold what these releases run from by marks of Backout's own, and take its marks off all others. May be repeated.

        Nothing but such a mark is ever removed, and none that is the last that holds something of the host's own.

        Args:
            application: whose releases they are; marks of other applications are left alone.
            releases: as they were recorded, with their digests or commits.

        Returns:
            What is held, and what could not be, one line each.

        Raises:
            Unreachable, CommandFailed: the host cannot be asked.
        """

    @abstractmethod
    def lost(self, release: Release) -> str:
        """What of this release, as it was recorded, is not there any more; empty where nothing is known to be. Changes nothing.

        Raises Unreachable.
        """
