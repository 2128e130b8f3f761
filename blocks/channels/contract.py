"""What every channel promises. Its shared suite: `tests/blocks/channels/contract.py`."""

from abc import abstractmethod
from typing import Annotated, ClassVar

from pydantic import Field

from blocks.adapter import Adapter
from domain.message import Message, Moment
from domain.severity import Severity

PHONE = (Severity.CRITICAL,)
MAIL = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
CHAT = tuple(Severity)
"""MVP-011 "Alert Channels": critical by phone, warnings by e-mail, information by chat; each hears the worse ones too."""


class Channel(Adapter):
    """Somewhere people are told.

    Attributes:
        usual: the severities it is told of where the configuration does not say.
        public: whether customers read it; it hears of no drill.
    """

    family: ClassVar[str] = "channels"
    public: ClassVar[bool] = False
    usual: ClassVar[tuple[Severity, ...]] = CHAT
    name: str = Field(
        default_factory=lambda settings: settings["kind"],
        min_length=1,
        description="Tells two channels of a kind apart; the kind where it is not given.",
    )
    severities: Annotated[list[Severity], Field(min_length=1)] | None = Field(
        default=None,
        description="The severities it is told of, and nothing else. Where it is not given: critical for phone channels,"
        " critical and high for status pages, all but low for e-mail, all for chat and files; calls for help always.",
    )

    @property
    def heard(self) -> tuple[Severity, ...]:
        """The severities where nobody chose any."""
        return self.usual

    def hears(self, message: Message) -> bool:
        """Whether it is told of this. A call for help is for everybody whose severities nobody chose."""
        if self.severities is not None:
            return message.severity in self.severities
        return message.severity in self.heard or message.moment is Moment.ESCALATED

    @abstractmethod
    def send(self, message: Message, thread: str | None) -> str | None:
        """Say it once, within 10 seconds.

        Args:
            message: what is said.
            thread: what the channel returned for the incident's first message; None for the first.

        Returns:
            A reference to the thread where the channel has threads, else None.

        Raises:
            Unreachable, ToldToWait: try again later.
            ChannelRefused: it will not take this message, ever.
        """
