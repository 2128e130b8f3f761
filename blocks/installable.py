"""What a platform promises that can put a release into an idle slot by itself."""

from abc import ABC, abstractmethod


class Installable(ABC):
    """A platform that takes a release for one of its slots. Others need `deploy.install` in the settings."""

    @abstractmethod
    def install(self, slot: str, release: str) -> None:
        """Put the release into the idle slot, and start it. A no-op where it is there.

        Raises:
            UnknownSlot: no such slot.
            Conflict: the slot serves; nothing was changed.
            CommandFailed, Unreachable: it did not come there.
        """
