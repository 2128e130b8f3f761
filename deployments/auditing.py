"""Journal and Prefect's history read as one."""

from datetime import datetime

from pydantic import BaseModel

from blocks import heads
from blocks.installation import Installation
from deployments.prefect_api import PrefectApi
from domain.consent import Answer
from domain.errors import BackoutError
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened


class Row(BaseModel):
    """One incident: who, why, with whose consent, from where to where, how it ended.

    Attributes:
        approved_by, rejected_by: the people who answered; `deadline` where nobody did.
        moved: whether traffic was moved: `yes`, `no`, or `and back`.
        prefect: what Prefect's history says of each run, `id: state`; empty where it does not answer or forgot.
    """

    incident: str
    at: datetime
    application: str
    by: str
    via: str
    why: str
    approved_by: list[str]
    rejected_by: list[str]
    moved: str
    from_release: str | None
    to_release: str | None
    outcome: str | None
    entries: int
    prefect: dict[str, str]
    report: str | None

    def cells(self) -> list[str]:
        """The row as text for a table, each cell in one line."""
        texts = [
            f"{self.at:%Y-%m-%d %H:%M:%S}", self.application, f"{self.by} ({self.via})", self.why,
            ", ".join(self.approved_by), ", ".join(self.rejected_by), self.moved, self.from_release, self.to_release, self.outcome or "open",
            ", ".join(self.prefect.values()), self.incident,
        ]  # fmt: skip
        return [" ".join((text or "-").split()) for text in texts]


def rows(here: Installation, application: str | None, since: datetime | None) -> list[Row]:
    """Every incident, newest first."""
    api = _prefect(here)
    return [_row(here, api, incident) for incident in here.store.incidents(application, since)]


def verify_all(here: Installation) -> dict[str, list[str]]:
    """Incident -> what is wrong with its journal; only those where something is."""
    found = {incident.id: here.store.problems(incident.id) for incident in here.store.incidents()}
    for incident, problems in heads.missing(here.home, here.store.entries).items():
        found.setdefault(incident, []).extend(problems)
    return {incident: problems for incident, problems in found.items() if problems}


def _prefect(here: Installation) -> PrefectApi | None:
    try:
        return PrefectApi.find(here.home)
    except BackoutError:
        return None


def _row(here: Installation, api: PrefectApi | None, incident: Incident) -> Row:
    plan, request = incident.plan, incident.request
    entries, answers = here.store.entries(incident.id), here.store.approvals(incident.id)
    return Row(
        incident=incident.id,
        at=incident.opened_at,
        application=incident.application,
        by=request.by or "not said",
        via=request.via,
        why=request.reason or request.issue or "",
        approved_by=[row.person for row in answers if row.answer is Answer.APPROVE],
        rejected_by=[row.person for row in answers if row.answer is Answer.REJECT],
        moved=_moved(entries),
        from_release=plan.from_release if plan else None,
        to_release=plan.to_release if plan else None,
        outcome=incident.outcome,
        entries=len(entries),
        prefect=_states(api, here.store.runs_of(incident.id)),
        report=incident.report,
    )


def _moved(entries: list[Entry]) -> str:
    """Whether the incident's own acts moved traffic, and whether it came back."""
    if any(entry.kind == Happened.WENT_BACK for entry in entries):
        return "and back"
    own = (entry.data["receipt"]["changed"] for entry in entries if entry.kind == Happened.SWITCHED)
    return "yes" if any(own) else "no"


def _states(api: PrefectApi | None, runs: list[str]) -> dict[str, str]:
    """A run that Prefect no longer knows is said to be gone: anybody with its API can delete one."""
    found = {}
    for run in runs if api else []:
        try:
            found[run] = api.state(run).name if api else ""
        except BackoutError:
            return {}
        except LookupError:
            found[run] = "gone"
    return found
