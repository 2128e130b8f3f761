"""What people are told."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.severity import Severity


class Moment(StrEnum):
    """The points at which people are told something."""

    STARTED = "started"
    ASKED = "asked"
    SWITCHED = "switched"
    ENDED = "ended"
    WATCHED = "watched"
    ESCALATED = "escalated"


class Message(BaseModel):
    """One message about an incident; `key` makes it go out once a channel.

    Attributes:
        title: one line; text: Markdown, escaped where it came from an alert.
        head: the journal's head when it was written, so that a later cut shows.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    application: str
    moment: Moment
    severity: Severity
    title: str
    text: str
    head: str = ""

    @property
    def key(self) -> str:
        """Unique a message: an incident says each thing once."""
        return f"{self.incident}:{self.moment}:{self.title}"
