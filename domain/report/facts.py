"""All a report says, as data: built from an incident, its journal and its policy, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.consent import Approval
from domain.findings import Finding
from domain.incident import TOLD_BY_PEOPLE, Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.policy import Policy
from domain.release import Part, Release
from domain.report.checks import Check, checks, looked_after, ticks, verified, watched
from domain.report.phases import Phase, phases
from domain.report.record import Record, error_text
from domain.report.story import Line, story
from domain.report.times import Kept, Times, promises, times
from domain.request import Request


class Trouble(BaseModel):
    """Something that went wrong: an act, a way back, or a channel."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    where: str
    said: str


class Facts(BaseModel):
    """What happened, ready to be shown. All texts are plain: whoever shows them escapes them.

    Attributes:
        promises: the RTO and the policy's budgets, each with what it took.
        verified: the findings of the last verification; `watched`: of the watch's last sample.
        looked_after: the findings of the last follow-up.
        ticks: item of a checklist -> who ticked it, and what they noted.
        watch_ok: how the watch ended; None while it goes on, or where there was none.
        taken_back: the watch of a deploy started the rollback.
        undelivered: messages that a channel did not take.
        acts: the plan's acts that were done, and the way back, each once, in order.
        costs: what clients may have noticed of each switch; empty where nothing.
        kept: what each switch put aside or put back on the host, and where it is; empty where nothing.
        parts: what each part ran, by the last verification; empty where the platform has none.
        deployed_at: when the release that was rolled back from was recorded.
        told: what people filled in; `open`: the fields they have not.
        contacts: the escalation path, first to last: a role, and how to reach it.
        dashboards: name -> URL, as the application names them.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    application: str
    request: Request
    plan: Plan | None
    outcome: Outcome | None
    times: Times
    promises: list[Kept]
    phases: list[Phase]
    lines: list[Line]
    checks: list[Check]
    verified: list[Finding]
    watched: list[Finding]
    watch_ok: bool | None
    taken_back: bool = False
    went_back: bool
    acts: list[str]
    errors: list[Trouble]
    undelivered: list[Trouble]
    approvals: list[Approval]
    channels: list[str]
    costs: list[str]
    kept: list[str]
    files: list[str]
    parts: list[Part]
    deployed_at: datetime | None
    told: dict[str, str]
    open: list[str]
    looked_after: list[Finding] = []
    ticks: dict[str, str] = {}
    contacts: list[tuple[str, str]] = []
    dashboards: dict[str, str] = {}

    @property
    def database_changed(self) -> bool:
        """Whether the database was changed, and not returned."""
        return "return database" not in self.acts and bool({"migrate down", "swap database"} & set(self.acts))

    @property
    def compared(self) -> bool:
        """Whether users were seen to be no better off with the target, which keeps the traffic."""
        return self.outcome is Outcome.WONT_HELP and self.switched and not self.went_back

    @property
    def switched(self) -> bool:
        """Whether traffic was moved."""
        return self.times.switched is not None


def gather(incident: Incident, entries: Iterable[Entry], policy: Policy) -> Facts:
    """Read an incident's journal into facts.

    Args:
        incident: the incident's own row.
        entries: its journal, in any order; may end anywhere.
        policy: the one in force; its budgets are compared with what was seen.
    """
    record = Record(entries)
    plan = incident.plan or record.plan()
    when = times(incident, record, plan)
    told = _told(incident, record)
    return Facts(
        incident=incident.id,
        application=incident.application,
        request=incident.request,
        plan=plan,
        outcome=incident.outcome or _outcome(record),
        times=when,
        promises=promises(when, plan, policy),
        phases=phases(record, when),
        lines=story(record, when.detected, incident.request.detection),
        checks=checks(record, plan),
        verified=verified(record),
        watched=watched(record),
        looked_after=looked_after(record),
        ticks=ticks(record),
        watch_ok=_watch_ok(record),
        taken_back=record.first(Happened.ROLLBACK_STARTED) is not None,
        went_back=record.first(Happened.WENT_BACK) is not None,
        acts=_acts(record, plan),
        errors=_errors(record),
        undelivered=_undelivered(record),
        approvals=_approvals(record),
        channels=_channels(record),
        costs=_of_switches(record, "cost"),
        kept=_of_switches(record, "kept"),
        files=[
            str(file) for entry in record.all(Happened.PRESERVED) for file in entry.data.get("files") or []
        ],
        parts=_parts(record),
        deployed_at=_deployed_at(record, plan),
        told=told,
        open=[field for field in TOLD_BY_PEOPLE if not told.get(field)],
    )


def _told(incident: Incident, record: Record) -> dict[str, str]:
    """What people told, the last word of each field; the journal's word over the row's."""
    rows: dict[str, Any] = dict(incident.told)
    for entry in record.all(Happened.TOLD):
        rows |= entry.data
    return {field: str(rows[field]).strip() for field in TOLD_BY_PEOPLE if rows.get(field)}


def _outcome(record: Record) -> Outcome | None:
    closed = record.last(Happened.CLOSED)
    return Outcome(closed.data["outcome"]) if closed and closed.data.get("outcome") else None


def _watch_ok(record: Record) -> bool | None:
    ended = record.last(Happened.WATCH_ENDED)
    return bool(ended.data.get("ok")) if ended else None


def _errors(record: Record) -> list[Trouble]:
    """Each error once: the one that made traffic go back is told by the act that raised it."""
    found: dict[str, Trouble] = {}
    for row in record.all(Happened.ACT_FAILED, Happened.WENT_BACK):
        said = error_text(row.data.get("error"))
        found.setdefault(said, Trouble(at=row.at, where=str(row.data.get("act", row.kind)), said=said))
    return list(found.values())


def _acts(record: Record, plan: Plan | None) -> list[str]:
    done = dict.fromkeys(str(entry.data.get("act")) for entry in record.all(Happened.ACT_DONE))
    return [
        act
        for act in done
        if act in ("go back", "return database") or (plan is not None and act in plan.acts)
    ]


def _undelivered(record: Record) -> list[Trouble]:
    rows = record.all(Happened.MESSAGE_FAILED)
    return [
        Trouble(at=row.at, where=str(row.data.get("channel")), said=error_text(row.data.get("why")))
        for row in rows
    ]


def _approvals(record: Record) -> list[Approval]:
    rows = [entry.data.get("approval") for entry in record.all(Happened.ANSWERED)]
    return [Approval.model_validate(row) for row in rows if row]


def _channels(record: Record) -> list[str]:
    sent = [str(entry.data.get("channel")) for entry in record.all(Happened.MESSAGE_SENT)]
    announced = [
        str(name) for entry in record.all(Happened.ANNOUNCED) for name in entry.data.get("channels") or []
    ]
    return list(dict.fromkeys(sent or announced))


def _parts(record: Record) -> list[Part]:
    last = record.last(Happened.VERIFIED)
    return [Part.model_validate(row) for row in (last.data.get("parts") or [] if last else [])]


def _of_switches(record: Record, field: str) -> list[str]:
    receipts = [
        entry.data.get("receipt") or {}
        for entry in record.all(Happened.TURNED_OFF, Happened.SWITCHED, Happened.WENT_BACK)
    ]
    return [str(receipt[field]) for receipt in receipts if receipt.get(field)]


def _deployed_at(record: Record, plan: Plan | None) -> datetime | None:
    """When the release that failed was recorded, as the situation of the plan knows it."""
    planned = record.first(Happened.PLANNED)
    situation = planned.data.get("situation") or {} if planned else {}
    releases = [Release.model_validate(row) for row in situation.get("releases") or []]
    return next((row.recorded_at for row in releases if plan and row.version == plan.from_release), None)
