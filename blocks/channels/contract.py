"""What every channel promises. Its shared suite: `tests/blocks/channels/contract.py`."""

from abc import abstractmethod
from typing import ClassVar

from pydantic import Field

from blocks.adapter import Adapter
from domain.message import Message
from domain.severity import Severity


class Channel(Adapter):
    """Somewhere people are told."""

    family: ClassVar[str] = "channels"
    name: str = Field(
        default_factory=lambda settings: settings["kind"],
        min_length=1,
        description="Tells two channels of a kind apart; the kind where it is not given.",
    )
    severities: list[Severity] = Field(
        default_factory=lambda: list(Severity), description="The severities it is told of; all by default."
    )

    @abstractmethod
    def send(self, message: Message, thread: str | None) -> str | None:
        """Say it once, within 10 seconds.

        Args:
            message: what is said.
            thread: what the channel returned for the incident's first message; None for the first.

        Returns:
            A reference to the thread where the channel has threads, else None.

        Raises:
            Unreachable: try again later.
            ChannelRefused: it will not take this message, ever.
        """
