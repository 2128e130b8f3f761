"""One-time codes for Prefect's form: given to whoever comes by a way that proves who they are."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blocks.installation import Installation
from blocks.store import codes
from blocks.store.codes import Asked
from deployments.answering import allowed, asked_plan, deadline, incident_of
from domain.journal_kinds import Happened


@dataclass(frozen=True)
class Code:
    """A code that was given out. `until`: when it counts no more."""

    code: str
    incident: str
    person: str
    until: datetime


def give_code(here: Installation, name: str, via: str, identity: str) -> Code:
    """A code of this person for the request that is open now; an earlier one of theirs counts no more.

    Args:
        here: this host's Backout; its key seals the code.
        name: the incident's or the run's id.
        via: how they came: `cli` or `slack`.
        identity: who they are there.

    Raises:
        UnknownIncident: there is no such incident or run.
        NotAllowed: nobody is asked (any more), or this person is not.
    """
    incident = incident_of(here, name)
    plan = asked_plan(here, incident, identity, "take a code for")
    person = allowed(here, incident, plan, via, identity)
    until = deadline(here, incident.id) or datetime.now(UTC) + timedelta(seconds=plan.deadline_s)
    asked = Asked(incident.id, plan.digest())
    code = codes.give(here.store.database, asked, person.name, until, here.approvals_key)
    here.store.append(
        incident.id, Happened.CODE_GIVEN, {"person": person.name, "via": via, "until": until.isoformat()}
    )
    return Code(code, incident.id, person.name, until)
