"""What people are told."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.outcomes import Outcome
from domain.severity import Severity

NO_INCIDENT = "none"
"""The incident of a message about a run that was refused before it had one."""


class Moment(StrEnum):
    """The points at which people are told something."""

    STARTED = "started"
    ASKED = "asked"
    CONSENTED = "consented"
    UPDATE = "update"
    SWITCHED = "switched"
    ENDED = "ended"
    WATCHED = "watched"
    ESCALATED = "escalated"
    FOLLOW_UP = "follow_up"


class Stage(StrEnum):
    """How far an incident is, as the users of the application see it: the words of status pages."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Message(BaseModel):
    """One message about an incident; `key` makes it go out once a channel.

    Attributes:
        title: one line; text: Markdown, escaped where it came from an alert.
        head: the journal's head when it was written, so that a later cut shows.
        facts: label -> one line of plain text, for channels that show the newest state in place (version, reason, status, ETA).
        public: plain text that says nothing of the inside, for those who use the application.
        stage: how far it is, as its users see it.
        acting: a run acts now, with the consent it needs.
        outcome: how the incident ended; None while it is open.
        once: what is said once under the same incident and moment; the title where it is empty.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    application: str
    moment: Moment
    severity: Severity
    title: str
    text: str
    head: str = ""
    facts: dict[str, str] = {}
    public: str = ""
    stage: Stage = Stage.INVESTIGATING
    acting: bool = False
    outcome: Outcome | None = None
    once: str = ""

    @property
    def key(self) -> str:
        """Unique a message: an incident says each thing once."""
        return f"{self.incident}:{self.moment}:{self.once or self.title}"
