"""What a platform promises that can have a release's files on the host before the release serves."""

from abc import ABC, abstractmethod


class BringsFiles(ABC):
    """A platform that makes a release's files out of its source: without it a migration tool knows only what serves already."""

    @abstractmethod
    def bring(self, release: str) -> None:
        """Have on the host, under this release's name, what its own migration tool runs from. A no-op where it is there.

        What serves is not touched.

        Raises:
            UnknownSlot: there is no such release.
            NotPrepared: it cannot be made.
            Unreachable: the platform cannot be asked.
        """

    @abstractmethod
    def brought(self, release: str) -> bool:
        """Whether `bring` would have nothing to do. Changes nothing. Raises UnknownSlot, Unreachable."""
