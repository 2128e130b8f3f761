"""Answering a request for consent: checked, signed, kept, and the waiting run is woken."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from blocks.installation import Installation
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Approval, Ruling, ruling
from domain.errors import DataLossNotAccepted, NotAllowed, PrefectUnavailable
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan

WAKE_S = 10.0
"""Seconds to wait for the run to be suspended: an answer may come before it is."""

PAUSE_S = 0.2


@dataclass(frozen=True)
class Said:
    """What a person answered, and how.

    Attributes:
        person: who, as the way they came proves.
        via: the way they came: `cli`, `slack`.
        accepted_rows: how many rows they accept to lose.
    """

    answer: Answer
    person: str
    reason: str
    via: str = "cli"
    accepted_rows: int = 0


@dataclass(frozen=True)
class Given:
    """An answer that is kept.

    Attributes:
        stands: where the request stands with it.
        woken: whether a run goes on with it; True also where it still waits for another person.
    """

    application: str
    stands: Ruling
    woken: bool

    @property
    def what(self) -> str:
        """One line for the person who answered."""
        if not self.woken:
            return f"kept, but no run waits: start it again with `backout rollback {self.application}`"
        if self.stands is Ruling.OPEN:
            return "your answer is kept; it waits for another person"
        return self.stands


def incident_of(here: Installation, name: str) -> Incident:
    """The incident of this id, or of this run's id. Raises UnknownIncident."""
    return here.store.incident(here.store.incident_of(name) or name)


def deliver(here: Installation, name: str, said: Said) -> Given:
    """Keep an answer, see `give`, and wake the run that waits for it."""
    stands = give(here, name, said)
    woken = stands is Ruling.OPEN or _woken(here, name, said.answer, said.person)
    return Given(incident_of(here, name).application, stands, woken)


def _woken(here: Installation, name: str, answer: Answer, person: str) -> bool:
    with suppress(PrefectUnavailable), PrefectApi.find(here.home) as api:
        return wake(here, api, name, answer, person)
    return False


def give(here: Installation, name: str, said: Said) -> Ruling:
    """Sign and keep a proven person's answer; where the request stands now.

    Args:
        here: this host's Backout; its key signs.
        name: the incident's or the run's id.
        said: the answer.

    Raises:
        DataLossNotAccepted: a yes to fewer rows than the plan loses.
        UnknownIncident: there is no such incident or run.
        NotAllowed: nobody is asked (any more), the deadline has passed, or a no has no reason.
    """
    incident = incident_of(here, name)
    plan = _asked_plan(here, incident, name, said)
    approval = Approval(
        incident=incident.id, plan=plan.digest(), answer=said.answer, person=said.person, via=said.via, proven=True,
        reason=said.reason, accepted_rows=said.accepted_rows,
    ).signed(here.approvals_key)  # fmt: skip
    here.store.answer(approval)
    here.store.append(incident.id, Happened.ANSWERED, {"approval": approval.model_dump(mode="json")})
    return _stands(here, incident, plan)


def wake(
    here: Installation, api: PrefectApi, name: str, answer: Answer, person: str, patience_s: float = WAKE_S
) -> bool:
    """Start the suspended run again, so that it finds the answer; False where none waits within `patience_s`.

    A run that has not suspended yet finds the answer by itself, or is woken as soon as it is suspended.
    """
    incident = incident_of(here, name).id
    form = {"decision": answer, "your_name": person, "reason": ""}
    until = time.monotonic() + patience_s
    while not (_taken_in(here, incident) or _resumed(here, api, incident, form)):
        if time.monotonic() >= until:
            return False
        time.sleep(PAUSE_S)
    return True


def _taken_in(here: Installation, incident: str) -> bool:
    """Whether the run found the answer: it went on after the last one, or has ended."""
    kinds = [entry.kind for entry in here.store.entries(incident)]
    after = (
        kinds[len(kinds) - 1 - kinds[::-1].index(Happened.ANSWERED) :] if Happened.ANSWERED in kinds else []
    )
    return bool({Happened.RESUMED, Happened.ENDING, Happened.CLOSED}.intersection(after))


def _resumed(here: Installation, api: PrefectApi, incident: str, form: dict[str, str]) -> bool:
    asked = asked_last(here, incident)
    if asked is None:
        return False
    with suppress(PrefectUnavailable, LookupError):
        return api.resume(asked.data["run"], form)
    return False


def asked_last(here: Installation, incident: str) -> Entry | None:
    """The last request for consent in the incident's journal; None where people were not asked."""
    asked = [entry for entry in here.store.entries(incident) if entry.kind == Happened.CONSENT_ASKED]
    return asked[-1] if asked else None


def deadline(here: Installation, incident: str) -> datetime | None:
    """Until when an answer counts; None where people were not asked."""
    asked = asked_last(here, incident)
    return datetime.fromisoformat(asked.data["deadline"]) if asked else None


def _stands(here: Installation, incident: Incident, plan: Plan) -> Ruling:
    approvals = here.store.approvals(incident.id)
    until = deadline(here, incident.id)
    return ruling(plan, approvals, here.approvals_key, incident.request.by, until)


def _asked_plan(here: Installation, incident: Incident, name: str, said: Said) -> Plan:
    """The plan that is asked about. `name`: how the person named the incident. Raises NotAllowed, DataLossNotAccepted."""
    refused = partial(NotAllowed, person=said.person, wanted=f"{said.answer} incident {incident.id}")
    see, again = f"`backout status {incident.application}`", f"`backout rollback {incident.application}`"
    if incident.outcome is not None:
        step = f"`backout report {incident.id}` says how; {again} starts another one"
        raise refused(why=f"it has ended: {incident.outcome}", step=step)
    if incident.plan is None or incident.plan.consent is None:
        raise refused(why="it asks nobody", step=f"{see} shows where it stands")
    if said.answer is Answer.REJECT and not said.reason.strip():
        step = f'`backout reject {name} --reason "..."`'
        raise refused(why="a no needs a reason", step=step)
    already = _stands(here, incident, incident.plan)
    if already is not Ruling.OPEN:
        raise refused(why=f"it was {already} before", step=f"{see} shows how it goes on")
    until = deadline(here, incident.id)
    if until is not None and datetime.now(UTC) > until:
        step = f"{see} shows how it ends; {again} asks anew"
        raise refused(why=f"its deadline was {until:%Y-%m-%d %H:%M:%S} UTC", step=step)
    _accepts_the_loss(incident.plan, said)
    return incident.plan


def _accepts_the_loss(plan: Plan, said: Said) -> None:
    if said.answer is Answer.APPROVE and said.accepted_rows < plan.confirm_rows:
        at_risk = plan.database.at_risk if plan.database else []
        raise DataLossNotAccepted(rows=plan.confirm_rows, accepted=said.accepted_rows, what_is_lost=at_risk)
