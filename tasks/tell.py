"""Tell people: a message goes into the outbox, which is sent beside the run. A dead channel delays nothing."""

from collections.abc import Sequence

from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.messages import message
from domain.report.facts import Facts
from domain.request import Kind
from tasks.act import act
from tasks.case import Case


@act("announce")
def announce(case: Case) -> None:
    """The incident's first message, to every channel of its severity, once. An emergency has switched by then."""
    if any(entry.kind == Happened.ANNOUNCED for entry in case.ledger.entries(case.incident.id)):
        return
    moment = Moment.SWITCHED if case.request.kind is Kind.EMERGENCY else Moment.STARTED
    case.note(Happened.ANNOUNCED, channels=tell(case, moment))


def tell(
    case: Case,
    moment: Moment,
    *,
    incident: Incident | None = None,
    facts: Facts | None = None,
    said: Sequence[str] = (),
    link: str = "",
) -> list[str]:
    """Post one message to the channels of the incident's severity; their names.

    `incident` replaces the stored row where its end is known before it is kept.
    """
    incident = incident or case.ledger.incident(case.incident.id)
    entries = case.ledger.entries(incident.id)
    text = message(
        moment,
        incident,
        incident.plan,
        facts=facts,
        contacts=[(contact.role, contact.reach) for contact in case.document.contacts],
        said=said,
        link=link,
        head=entries[-1].mac if entries else "",
    )
    names = [channel.name for channel in case.document.channels if text.severity in channel.severities]
    case.ledger.post(text, names)
    return names
