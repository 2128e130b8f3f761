"""What a platform promises that can put a release into an idle slot by itself."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from blocks.hosts.local import nothing


class Installable(ABC):
    """A platform that takes a release for one of its slots. Others need `deploy.install` in the settings."""

    @property
    def installs(self) -> bool:
        """Whether its settings say all it needs for that."""
        return True

    @abstractmethod
    def install(self, slot: str, release: str, meanwhile: Callable[[], None] = nothing) -> None:
        """Put the release into the idle slot, and start it. A no-op where it is there.

        Args:
            slot, release: where, and which.
            meanwhile: called again and again while it takes time; what it raises ends it where it stands, and is raised here.

        Raises:
            UnknownSlot: no such slot.
            Conflict: the slot serves; nothing was changed.
            NotInstalled, CommandFailed, Unreachable: it did not come there.
        """


def installer(platform: object) -> Installable | None:
    """The platform, where it can install by itself as it is set up; else None."""
    return platform if isinstance(platform, Installable) and platform.installs else None
