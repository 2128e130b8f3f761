"""The steps of a drill: begin, deploy, break, wait, mend, look."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from blocks.document import Document
from blocks.installation import Installation
from blocks.store import drills
from domain.drill import Drill, is_production
from domain.errors import ConfigurationError, Conflict, StoreUnavailable
from domain.findings import Finding, Verdict
from domain.incident import Incident
from domain.names import block_name
from domain.outcomes import Outcome
from domain.shares import in_words
from tasks.drill_case import DrillCase
from tasks.drill_cleanup import cleaned_up
from tasks.drill_consent import WITHDRAWN, withdrawn
from tasks.look import through_router

LOOK_S = 0.2

T = TypeVar("T")


def refuse(document: Document, fault: str | None, *, production: bool) -> str:
    """The fault to drill.

    Raises:
        ConfigurationError: there is nothing to drill, no such fault, nothing that would find it, or it is production.
    """
    settings = document.drill
    if settings is None:
        raise ConfigurationError(document.name, "drill", "is missing: how is what serves broken, and mended?")
    if fault is not None and fault not in settings.faults:
        raise ConfigurationError(document.name, "drill.faults", f"has no {fault!r}", list(settings.faults))
    if not document.watch.enabled and not document.alerts.rules:
        problem = "nothing watches it, and no alert is for it: the drill's fault would never be found"
        raise ConfigurationError(document.name, "watch", problem)
    if breaks_production(document) and not production:
        problem = "is production: a drill breaks what serves. `backout drill --production` asks you to type its name"
        raise ConfigurationError(document.name, "name", problem)
    return fault or next(iter(settings.faults))


def breaks_production(document: Document) -> bool:
    """Whether its drill must be asked for by name."""
    return is_production(document.name, said=document.drill.production if document.drill else None)


def opened(here: Installation, document: Document, wanted: Drill) -> DrillCase:
    """The drill, begun. One that was killed, and is dead by now, is cleaned up first.

    Raises:
        Conflict: a drill or an incident of the application is under way.
    """
    left = drills.under_way(here.store.database, document.name)
    if left is not None and left.until < datetime.now(UTC):
        cleaned_up(here, document, left)
    holder = here.store.holder(document.name)
    if holder is not None:
        raise Conflict(on=document.name, expected="no incident", found=f"incident {holder.incident}")
    if not drills.begin(here.store.database, wanted):
        found = f"drill {left.id if left else 'of another run'}"
        raise Conflict(on=document.name, expected="no drill under way", found=found)
    return DrillCase(here, document, wanted)


def new(document: Document, run: str, fault: str, *, by: str, via: str, reason: str) -> Drill:
    """A drill that has not begun."""
    settings = document.drill
    patience = settings.patience_s if settings else 0.0
    ends = settings.faults[fault].ends if settings else Outcome.ROLLED_BACK
    now = datetime.now(UTC)
    name = f"{now:%Y%m%d-%H%M%S}-{block_name(document.name)}-{secrets.token_hex(2)}"
    return Drill(
        id=name, application=document.name, run=run, fault=fault, by=by, via=via, reason=reason, started_at=now,
        until=now + timedelta(seconds=patience), ends=ends,
    )  # fmt: skip


def deploy(case: DrillCase) -> None:
    """Put the test release to users, and see who serves: that is what is broken.

    Raises:
        Conflict: traffic is shared out, or users are not well already: nothing could be told by what follows.
        CommandFailed: the test release was not deployed.
    """
    serving(case)
    case.seen.before = health(case)
    if case.seen.before.verdict is not Verdict.OK:
        found = f"{case.seen.before.verdict}: {case.seen.before.said}"
        raise Conflict(on=f"the health of {case.document.name}", expected="ok", found=found)
    if case.settings.deploy:
        case.step("deploy")
        case.keep(release=f"drill-{datetime.now(UTC):%Y%m%d-%H%M%S}")
        case.run(case.settings.deploy)
    case.keep(slot=serving(case))


def serving(case: DrillCase) -> str:
    """The slot that has all the traffic. Raises Conflict where none has."""
    route = case.document.platform.route()
    if route.slot is None:
        found = in_words(route.shares) or "on no slot"
        raise Conflict(on=f"the traffic of {case.document.name}", expected="on one slot", found=found)
    return route.slot


def inject(case: DrillCase) -> None:
    """Break what serves."""
    case.step("inject")
    case.breaking_at, case.mended = datetime.now(UTC), False
    case.run(case.settings.faults[case.drill.fault].inject)
    case.keep(injected_at=datetime.now(UTC))


def found(case: DrillCase) -> Incident | None:
    """The incident that the watch or an alert began; None where the patience ended first. Nobody starts it here.

    Raises:
        Conflict: another one was begun, which is no drill's: the drill makes way for it.
    """
    case.step("wait for the incident")
    incident = _waited(case, lambda: _newest(case))
    if incident is not None and incident.request.drill != case.drill.id:
        found = f"incident {incident.id}, which came by {incident.request.via}"
        raise Conflict(on=case.document.name, expected="the drill's own incident", found=found)
    if incident is not None:
        case.seen.found_by = incident.request.via
        case.keep(incident=incident.id)
    return incident


def ended(case: DrillCase, incident: Incident) -> Incident | None:
    """The incident as it ended, or the one that went before it; None where the patience ended first."""
    case.step("wait for the way back")
    over = _waited(case, lambda: _over(case, case.drill.incident or incident.id))
    if over is not None:
        case.keep(outcome=over.outcome)
    return over


def unended(case: DrillCase, incident: Incident) -> str:
    """Why a drill without an end fails; people who are asked still are asked no longer."""
    said = f"incident {case.drill.incident or incident.id} did not end within {case.settings.patience_s:g} s"
    return f"{said}; {WITHDRAWN}" if withdrawn(case.here, case.drill) else said


def mend(case: DrillCase) -> None:
    """Undo the fault, then look whether users are well, and whether the way back was gone."""
    case.step("undo")
    case.undo()
    case.seen.went_back = case.document.platform.route().slot != case.drill.slot
    case.seen.after = health(case)


def health(case: DrillCase) -> Finding:
    """As users have it."""
    document = case.document
    return through_router(document, [document.health], document.platform.route().slot)[0]


def _newest(case: DrillCase) -> Incident | None:
    found = case.here.store.incidents(case.document.name, case.breaking_at)
    return found[-1] if found else None


def _over(case: DrillCase, incident: str) -> Incident | None:
    seen = case.here.store.incident(incident)
    if seen.outcome is Outcome.SUPERSEDED and (urgent := _went_before(case, seen)) is not None:
        case.keep(incident=urgent.id)
        return None
    return seen if isinstance(seen.outcome, Outcome) else None


def _went_before(case: DrillCase, waited: Incident) -> Incident | None:
    """The drill's own incident that took the application from this one: the same fault, seen by a more urgent trigger."""
    later = case.here.store.incidents(case.document.name, waited.opened_at)
    ours = [one for one in later if one.request.drill == case.drill.id and one.id != waited.id]
    return ours[-1] if ours else None


def _waited(case: DrillCase, look: Callable[[], T | None]) -> T | None:
    """What comes within the drill's patience. A store that is away for a moment is asked again."""
    while case.left_s() > 0:
        try:
            if (one := look()) is not None:
                return one
        except StoreUnavailable:
            pass
        time.sleep(LOOK_S)
    return None
