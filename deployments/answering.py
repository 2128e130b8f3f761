"""Answering a request for consent: checked, signed, kept, and the waiting run is woken."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from blocks.installation import Installation
from deployments.identity import requester, who
from deployments.prefect_api import PrefectApi
from domain.consent import NOBODY, Answer, Approval, Ruling, may_answer, ruling
from domain.contacts import Person
from domain.errors import DataLossNotAccepted, NotAllowed, PrefectUnavailable
from domain.gate import asked_about
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.offers import start_of
from domain.plan import Plan
from domain.report.record import closing_words

WAKE_S = 10.0
"""Seconds to wait for the run to be suspended: an answer may come before it is."""

PAUSE_S = 0.2


@dataclass(frozen=True)
class Said:
    """What a person answered, and how.

    Attributes:
        person: who, as the way they came proves: a login name, a member id of Slack.
        via: the way they came: `cli`, `slack`.
        accepted_rows: how many rows they accept to lose.
        instead: what is to be started in place of the plan, one of its offers; with the answer `instead` alone.
    """

    answer: Answer
    person: str
    reason: str
    via: str = "cli"
    accepted_rows: int = 0
    instead: str = ""


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
        if self.stands is Ruling.INSTEAD:
            return f"this request ends; the other way is started: `backout status {self.application}`"
        return self.stands


def incident_of(here: Installation, name: str) -> Incident:
    """The incident of this id, or of this run's id. Raises UnknownIncident."""
    return here.store.incident(here.store.incident_of(name) or name)


def deliver(here: Installation, name: str, said: Said) -> Given:
    """Keep an answer, see `give`, and wake the run that waits for it."""
    stands = give(here, name, said)
    woken = stands is Ruling.OPEN or _woken(here, name)
    return Given(incident_of(here, name).application, stands, woken)


def _woken(here: Installation, name: str) -> bool:
    with suppress(PrefectUnavailable), PrefectApi.find(here.home) as api:
        return wake(here, api, name)
    return False


def give(here: Installation, name: str, said: Said) -> Ruling:
    """Sign and keep a proven person's answer; where the request stands now. Of two at the same moment the first is kept.

    Args:
        here: this host's Backout; its key signs.
        name: the incident's or the run's id.
        said: the answer.

    Raises:
        DataLossNotAccepted: a yes to fewer rows than the plan loses.
        UnknownIncident: there is no such incident or run.
        NotAllowed: nobody is asked (any more), the deadline has passed, a no has no reason, it is not this person who is
            asked, or what they want instead is not offered.
    """
    incident = incident_of(here, name)
    with _one_at_a_time(here, incident.id):
        plan = _asked_plan(here, incident, name, said)
        answerer = allowed(here, incident, plan, said.via, said.person)
        approval = Approval(
            incident=incident.id, plan=plan.digest(), answer=said.answer, person=answerer.name, roles=list(answerer.roles),
            via=said.via, proven=True, reason=said.reason, accepted_rows=said.accepted_rows, instead=said.instead,
        ).signed(here.approvals_key)  # fmt: skip
        here.store.answer(approval)
        here.store.append(incident.id, Happened.ANSWERED, {"approval": approval.model_dump(mode="json")})
        return stands_now(here, incident, plan)


@contextmanager
def _one_at_a_time(here: Installation, incident: str) -> Iterator[None]:
    with here.store.database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [incident])
        yield


def allowed(here: Installation, incident: Incident, plan: Plan, via: str, identity: str) -> Person:
    """Who it is, if they may answer this plan. Raises NotAllowed."""
    found = who(here, incident.application, via, identity)
    if plan.consent is not None and not may_answer(plan.consent, found.name, found.roles):
        named = ", ".join(plan.consent.approvers)
        raise NotAllowed(
            person=found.name,
            wanted=f"answer incident {incident.id}",
            why=f"the policy asks {named}",
            step=f"call one of them: {named}",
        )
    return found


def wake(here: Installation, api: PrefectApi, name: str, patience_s: float = WAKE_S) -> bool:
    """Start the suspended run again, so that it finds the answer; False where none waits within `patience_s`.

    A run that has not suspended yet finds the answer by itself, or is woken as soon as it is suspended.
    """
    incident = incident_of(here, name).id
    form = {"decision": Answer.REJECT, "your_name": NOBODY, "reason": "answered elsewhere"}
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


def plan_asked(here: Installation, incident: Incident) -> Plan | None:
    """What people are asked about: the incident's plan, or the gate at which its deploy stands. None where there is no plan."""
    return asked_about(incident.plan, here.store.entries(incident.id)) if incident.plan else None


def deadline(here: Installation, incident: str) -> datetime | None:
    """Until when an answer counts; None where people were not asked."""
    asked = asked_last(here, incident)
    return datetime.fromisoformat(asked.data["deadline"]) if asked else None


def stands_now(here: Installation, incident: Incident, plan: Plan) -> Ruling:
    """Where the request stands by the answers that are kept now."""
    approvals = here.store.approvals(incident.id)
    until = deadline(here, incident.id)
    by = requester(here, incident.application, incident.request.by)
    return ruling(plan, approvals, here.approvals_key, by, until)


def asked_plan(here: Installation, incident: Incident, person: str, wanted: str) -> Plan:
    """The plan that people are asked about now. `person` and `wanted`: for the refusal. Raises NotAllowed."""
    refused = partial(NotAllowed, person=person, wanted=f"{wanted} incident {incident.id}")
    see, again = f"`backout status {incident.application}`", f"`backout rollback {incident.application}`"
    if incident.outcome is not None:
        by = closing_words(here.store.entries(incident.id))
        how = f"{see} shows what goes on" if by else f"`backout report {incident.id}` says how"
        ended = ": ".join(filter(None, ["it has ended", incident.outcome, by]))
        raise refused(why=ended, step=f"{how}; {again} starts another one")
    plan = plan_asked(here, incident)
    if plan is None or plan.consent is None:
        raise refused(why="it asks nobody", step=f"{see} shows where it stands")
    already = stands_now(here, incident, plan)
    if already is not Ruling.OPEN:
        raise refused(why=f"it was {already} before", step=f"{see} shows how it goes on")
    until = deadline(here, incident.id)
    if until is not None and datetime.now(UTC) > until:
        step = f"{see} shows how it ends; {again} asks anew"
        raise refused(why=f"its deadline was {until:%Y-%m-%d %H:%M:%S} UTC", step=step)
    return plan


def _asked_plan(here: Installation, incident: Incident, name: str, said: Said) -> Plan:
    """The plan, if this answer is one to it. `name`: how the person named the incident. Raises NotAllowed, DataLossNotAccepted."""
    plan = asked_plan(here, incident, said.person, said.answer)
    refused = partial(NotAllowed, person=said.person, wanted=f"{said.answer} incident {incident.id}")
    if said.answer is Answer.REJECT and not said.reason.strip():
        raise refused(why="a no needs a reason", step=f'`backout reject {name} --reason "..."`')
    if said.answer is Answer.INSTEAD and start_of(said.instead, plan.offers) is None:
        known = ", ".join(plan.offers) or "nothing"
        step = f"offered: {known}; a hotfix names the release that holds the fix, hotfix:2.0.1; a shift the per cent, shift:50"
        raise refused(why=f"{said.instead!r} is not offered like this", step=step)
    if said.answer is Answer.APPROVE and said.accepted_rows < plan.confirm_rows:
        at_risk = plan.database.at_risk if plan.database else []
        raise DataLossNotAccepted(rows=plan.confirm_rows, accepted=said.accepted_rows, what_is_lost=at_risk)
    return plan
