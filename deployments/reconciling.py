"""Bringing a host's local journals into the store, once each."""

from blocks import heads
from blocks.installation import Installation
from blocks.local_ledger import LocalLedger
from deployments.applications import names
from domain.errors import JournalBroken, UnknownIncident
from domain.incident import Incident
from domain.journal import Entry, problems
from domain.journal_kinds import Happened
from domain.outcomes import Outcome


def reconcile_all(here: Installation) -> dict[str, int]:
    """Every application's local journal; incident -> entries moved.

    Raises:
        JournalBroken: a local journal was changed; it is left where it is.
    """
    found: dict[str, int] = {}
    for application in names(here):
        found |= reconcile_one(here, application)
    return found


def reconcile_one(here: Installation, application: str) -> dict[str, int]:
    """One application's local journals; incident -> entries moved. Raises JournalBroken, as `reconcile_all`."""
    found: dict[str, int] = {}
    for local in here.local(application).unreconciled():
        incident = local.current()
        if incident is not None:
            found[incident.id] = _reconcile(here, local, incident, local.entries(incident.id))
    return found


def _reconcile(here: Installation, local: LocalLedger, incident: Incident, entries: list[Entry]) -> int:
    broken = problems(entries, local.key)
    if broken:
        raise JournalBroken(incident=incident.id, problems=broken)
    _adopt(here, incident)
    done = _known(here, incident.id)
    fresh = [entry for entry in entries if entry.mac not in done]
    for entry in fresh:
        here.store.append(
            incident.id, Happened.RECONCILED, {"from": "local", "entry": entry.model_dump(mode="json")}
        )
    _settle(here, incident)
    heads.keep(here.home, here.store.entries(incident.id))
    if incident.outcome is not None:
        local.forget()
    return len(fresh)


def _adopt(here: Installation, incident: Incident) -> None:
    """An incident that began while the store was away gets its row."""
    try:
        here.store.incident(incident.id)
    except UnknownIncident:
        here.store.adopt(incident)


def _known(here: Installation, incident: str) -> set[str]:
    return {
        str(entry.data["entry"]["mac"])
        for entry in here.store.entries(incident)
        if entry.kind == Happened.RECONCILED
    }


def _settle(here: Installation, incident: Incident) -> None:
    """What the local run settled holds in the store too."""
    if incident.outcome is None:
        return
    here.store.finish(incident)
    plan = incident.plan
    if incident.outcome is Outcome.ROLLED_BACK and plan is not None and plan.from_release != plan.to_release:
        if plan.from_release and not incident.request.drill:
            here.store.quarantine(incident.application, plan.from_release, incident.id)
        if plan.to_release and incident.closed_at:
            here.store.served(incident.application, plan.to_release, incident.closed_at)
