"""Tell people: a message goes into the outbox, which is sent beside the run. A dead channel delays nothing."""

from collections.abc import Collection, Mapping, Sequence

from blocks import message_templates
from blocks.document import Document
from domain.errors import Unreachable
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.message import Message, Moment
from domain.messages import message
from domain.report.facts import Facts
from domain.request import Kind
from domain.severity import Severity
from domain.standing import Standing
from tasks.act import act
from tasks.case import Case


@act("announce")
def announce(case: Case) -> None:
    """The incident's first message, to every channel of its severity, once. An emergency has switched by then."""
    if any(_announced(entry) for entry in case.ledger.entries(case.incident.id)):
        return
    moment = Moment.SWITCHED if case.request.kind is Kind.EMERGENCY else Moment.STARTED
    case.note(Happened.ANNOUNCED, channels=tell(case, moment))


def announce_early(case: Case) -> None:
    """The first message before there is a plan, where the run takes its time; the run's own one follows."""
    if any(entry.kind == Happened.ANNOUNCED for entry in case.ledger.entries(case.incident.id)):
        return
    case.note(Happened.ANNOUNCED, channels=tell(case, Moment.STARTED), early=True)


def _announced(entry: Entry) -> bool:
    return entry.kind == Happened.ANNOUNCED and not entry.data.get("early")


def tell(  # noqa: PLR0913 -- what a message can say beside what the case knows; all but the moment have a default
    case: Case,
    moment: Moment,
    *,
    incident: Incident | None = None,
    facts: Facts | None = None,
    said: Sequence[str] = (),
    link: str = "",
    standing: Standing | None = None,
    once: str = "",
) -> list[str]:
    """Post one message to the channels that hear it; their names.

    `incident` replaces the stored row where its end is known before it is kept.
    """
    incident = incident or case.ledger.incident(case.incident.id)
    entries = case.ledger.entries(incident.id)
    own, problem = _templates(case)
    text = message(
        moment,
        incident,
        incident.plan,
        facts=facts,
        contacts=[(contact.title, contact.said) for contact in case.document.contacts],
        said=[*said, *problem],
        link=link,
        head=entries[-1].mac if entries else "",
        standing=standing,
        layout=case.document.policy.message_layout,
        own=own,
        once=once,
    )
    if incident.request.drill:
        text = marked(text)
    names = _hearers(case, text, entries)
    case.ledger.post(text, names)
    return names


def marked(text: Message) -> Message:
    """The message of a drill: nobody takes it for the real thing, and nobody may leave it unanswered."""
    return text.model_copy(
        update={
            "title": f"DRILL: {text.title}",
            "text": f"**This is a drill.** Answer as you would.\n\n{text.text}",
        }
    )


def _hearers(case: Case, text: Message, entries: Sequence[Entry]) -> list[str]:
    """Who hears of this, and who heard of the incident before: whoever was called is told how it ended.

    A follow-up comes long after that, and is not as pressing as its incident was.
    """
    if text.moment is Moment.FOLLOW_UP:
        calm = text.model_copy(update={"severity": Severity.MEDIUM})
        return [channel.name for channel in case.document.channels if channel.hears(calm)]
    before = {entry.data["channel"] for entry in entries if entry.kind == Happened.MESSAGE_SENT}
    alone = text.moment is not Moment.ESCALATED
    return hearers(case.document, text, drill=case.request.drill, before=before, alone=alone)


def hearers(
    document: Document, text: Message, *, drill: str, before: Collection[str] = (), alone: bool = True
) -> list[str]:
    """The channels that hear it, and those of `before`, by name.

    Of a drill no public one hears, and `drill.channel` alone, where there is one; not where people must act (`alone` is false).
    """
    only = document.drill.channel if drill and alone and document.drill else None
    if only is not None:
        return [only]
    asked = [channel for channel in document.channels if not (drill and channel.public)]
    return [channel.name for channel in asked if channel.hears(text) or channel.name in before]


def _templates(case: Case) -> tuple[Mapping[str, str], list[str]]:
    """Templates of one's own; where they cannot be read, why: people are told all the same."""
    try:
        return message_templates.read(case.document.templates), []
    except Unreachable as error:
        return {}, [error.what()]
