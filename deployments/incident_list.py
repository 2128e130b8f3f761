"""Incidents with what is still open after them: follow-ups, and items of the checklist; and ticking one of these."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from blocks.document import policy_of
from blocks.installation import Installation
from blocks.ledger import Hold
from blocks.store import configurations
from deployments.applications import document
from deployments.people import at_host
from domain.checklist import Item, State, items
from domain.errors import UnknownApplication
from domain.follow_up import FollowUp, follow_ups
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.policy import Policy
from domain.presets import PRESETS
from domain.report.facts import Facts, gather
from tasks.case import Case
from tasks.checklist import write_checklist
from tasks.report import write_report


class Listed(BaseModel):
    """One incident. `checklist`: empty unless it rolled back; `follow_ups`: those that were scheduled."""

    model_config = ConfigDict(frozen=True)

    id: str
    application: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    from_release: str | None
    to_release: str | None
    report: str | None
    follow_ups: list[FollowUp]
    checklist: list[Item]

    @property
    def open_items(self) -> list[Item]:
        """The items that are not ticked."""
        return [row for row in self.checklist if row.state is not State.TICKED]

    @property
    def due(self) -> list[FollowUp]:
        """The follow-ups that were not told yet."""
        return [row for row in self.follow_ups if row.told_at is None]

    @property
    def open(self) -> bool:
        """Whether somebody has something to do: it goes on, a follow-up is to come, or an item is not ticked."""
        return self.outcome is None or bool(self.due or self.open_items)

    def plain(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            **self.model_dump(mode="json"),
            "open": self.open,
            "open_items": [row.key for row in self.open_items],
        }


def listed(here: Installation, application: str | None) -> list[Listed]:
    """Newest first."""
    policies: dict[str, Policy] = {}
    found = []
    for incident in here.store.incidents(application):
        if incident.application not in policies:
            policies[incident.application] = _policy(here, incident.application)
        found.append(_listed(here, incident, policies[incident.application]))
    return found


def _policy(here: Installation, application: str) -> Policy:
    """The one that is applied; the default for an application that is applied no more."""
    try:
        return policy_of(configurations.of(here.store.database, application).document)
    except UnknownApplication:
        return PRESETS["default"]


def _listed(here: Installation, incident: Incident, policy: Policy) -> Listed:
    entries = here.store.entries(incident.id)
    rolled_back = incident.outcome is Outcome.ROLLED_BACK
    return Listed(
        id=incident.id,
        application=incident.application,
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
        outcome=incident.outcome,
        from_release=incident.plan.from_release if incident.plan else None,
        to_release=incident.plan.to_release if incident.plan else None,
        report=incident.report,
        follow_ups=follow_ups(entries),
        checklist=items(gather(incident, entries, policy)) if rolled_back else [],
    )


def checklist_of(here: Installation, incident: Incident) -> list[Item]:
    """Where the items of its checklist stand; empty unless it rolled back."""
    return _listed(here, incident, _policy(here, incident.application)).checklist


def tick(here: Installation, incident: Incident, item: Item, note: str) -> list[Item]:
    """Keep that a person says so, and write checklist and report again; where the items stand then."""
    said = {"item": item.key, "text": item.text, "by": at_host(), "note": note}
    here.store.append(incident.id, Happened.TICKED, said)
    facts = _written(here, incident)
    return items(facts)


def _written(here: Installation, incident: Incident) -> Facts:
    hold = Hold(incident.application, incident.id, 0)
    case = Case(here, document(here, incident.application), here.store, incident, hold, "tick")
    facts = write_report(case, incident)
    write_checklist(case, facts)
    return facts
