"""What a platform promises that can restart what serves in place. Its shared suite: `tests/blocks/platforms/restart_contract.py`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

DOWN = ""
"""The mark of an instance that does not run."""


class Restartable(ABC):
    """A platform whose slots can be restarted, also the one that serves. The release of the slot stays the same.

    Attributes:
        rolling: whether other instances of the slot go on serving while one is restarted.
    """

    rolling: ClassVar[bool] = False

    @abstractmethod
    def instances(self, slot: str) -> dict[str, str]:
        """What the slot consists of, in the order of a restart: name -> a mark that each start changes; `DOWN` where it is down.

        Changes nothing. Raises UnknownSlot, Unreachable.
        """

    @abstractmethod
    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """Restart one instance after the other, each once the one before is up again. May be repeated, also after a kill.

        Args:
            slot: whose.
            instances: as `instances` gave them before the first try. What was started since is left alone; what is down
                is started.

        Raises:
            UnknownSlot: no such slot.
            CommandFailed, RolloutStalled: one does not come up again; those after it were left alone.
        """


def due(instances: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The instances still to be restarted: as they were before the first try, or down, as a kill in the middle leaves one."""
    return [name for name, mark in now.items() if mark in (DOWN, instances.get(name))]
