"""Taking a request in: the application's document, checked; the request, checked; the incident, begun or joined."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from blocks import configuration
from blocks.application import Application
from blocks.document import Document
from blocks.installation import Installation
from blocks.ledger import Hold
from blocks.store import configurations, drills
from blocks.users_first import served
from domain.errors import ConfigurationError, Drift, InTheWay, UnknownApplication
from domain.errors.configuration import REQUEST
from domain.incident import Incident
from domain.names import block_name
from domain.precedence import Claim, Meeting, Phase, meet
from domain.request import RESTART, SHIFT_TRAFFIC, Kind, Request
from domain.urgency import urgent
from tasks.case import Case

FOLLOW_S = 0.5


def document_of(application: Application, here: Installation) -> Document:
    """The block's document, with its secrets filled in.

    Raises:
        Drift: it was changed beside `backout.yaml`.
        MissingSecret: a reference cannot be resolved here.
        ConfigurationError: it is not valid (any more).
    """
    source = f"block {block_name(application.name)}"
    digest = configuration.digest(application.document)
    try:
        applied = configurations.of(here.store.database, application.name).digest
    except UnknownApplication:
        raise Drift(file=source, key="name", problem="was never applied") from None
    if digest != applied or application.digest != applied:
        raise Drift(file=source, key="document", problem="differs from what `backout apply` kept")
    return configuration.document(application.document, source, application.secrets.get_secret_value())


def checked(request: Request) -> Request:
    """The request, if it holds together.

    Raises:
        ConfigurationError: `force` without a reason, or `even_unhealthy` without `force`.
    """
    if request.force and not request.reason.strip():
        raise ConfigurationError(
            file=REQUEST, key="reason", problem="`force` needs a reason: it goes into the report"
        )
    if request.even_unhealthy and not request.force:
        raise ConfigurationError(file=REQUEST, key="even_unhealthy", problem="is for `force` only")
    return request


def known_issue(document: Document, request: Request) -> Request:
    """The request, if a person's issue is a row of the policy. What a trigger or a runbook itself names is not refused.

    Raises:
        ConfigurationError: the policy has no such row.
    """
    by_a_person = request.runbook in ("rollback", RESTART, SHIFT_TRAFFIC) and not request.automatic
    if by_a_person and request.issue is not None and document.policy.issue(request.issue) is None:
        raise ConfigurationError(
            file=REQUEST,
            key="issue",
            problem=f"{request.issue!r} is no row of the policy of {document.name}",
            allowed=[row.name for row in document.policy.issues],
        )
    return request


def known_part(document: Document, request: Request) -> Request:
    """The request, if the platform has the part that is taken back alone, and the flag turned off first. Raises UnknownPart."""
    for part in request.parts:
        document.of_part(part)
    return request


@dataclass(frozen=True)
class Followed:
    """An incident with nothing left to do for this run. `ours`: this run began it, before it was killed."""

    incident: Incident
    ours: bool


def begin(here: Installation, document: Document, request: Request, run: str) -> Case | Followed:
    """The case to work on; or the incident of another run, that was followed until it ended or waits for people.

    Where the other run dies on the way, its incident becomes ours. A deploy joins nobody, and follows nobody.

    Raises:
        InTheWay: a deploy, and another run has the application.
    """
    request = request.model_copy(update={"urgent": urgent(request, document.policy)})
    while True:
        # Each time: an incident that acted, and was followed, may be one now that gives way.
        request = request.model_copy(update={"drill": _drill_of(here, request)})
        begun = here.store.begin(request, run)
        if begun.hold is not None:
            return Case(here, document, here.store, begun.incident, begun.hold, run)
        if request.kind is Kind.DEPLOY and not begun.resumed:
            raise InTheWay(application=request.application, incident=begun.incident.id)
        if begun.incident.outcome is not None or not _still_acting(here, request.application):
            return Followed(begun.incident, ours=begun.resumed)
        _follow(here, begun.incident.id, request.application)
        found = here.store.incident(begun.incident.id)
        if found.outcome is not None:
            return Followed(found, ours=False)


def _drill_of(here: Installation, request: Request) -> str:
    """The drill that waits for this request; empty where none does."""
    drill = drills.under_way(here.store.database, request.application)
    if drill is None:
        return ""
    gives_way = drill.incident is not None and _goes_before(here, request, drill.incident)
    return drill.id if drill.awaits(request, datetime.now(UTC), gives_way=gives_way) else ""


def _goes_before(here: Installation, request: Request, incident: str) -> bool:
    """Whether the incident has the application, and this request would take it."""
    holder = here.store.holder(request.application)
    if holder is None or holder.incident != incident:
        return False
    theirs, ours = here.store.incident(incident).request, Claim(request.kind, request.urgent)
    return meet(ours, Claim(theirs.kind, theirs.urgent), holder.phase) is Meeting.PREEMPT


def after_the_end(here: Installation, document: Document, incident: str, run: str) -> Case:
    """An incident to look at after its end: the case holds no lock. Raises UnknownIncident."""
    found = here.store.incident(incident)
    return Case(here, document, here.store, found, Hold(found.application, incident, 0), run)


def _still_acting(here: Installation, application: str) -> bool:
    holder = here.store.holder(application)
    return holder is None or holder.phase is Phase.ACTING


def _follow(here: Installation, incident: str, application: str) -> None:
    """Until the incident ends, its run dies, or it waits for people."""
    served()
    while here.store.incident(incident).outcome is None:
        holder = here.store.holder(application)
        if holder is None or not holder.alive or holder.phase is Phase.WAITING:
            return
        time.sleep(FOLLOW_S)
