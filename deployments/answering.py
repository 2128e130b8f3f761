"""Answering a request for consent: checked, signed, kept, and the waiting run is woken."""

from blocks.installation import Installation
from deployments.prefect_api import PrefectApi
from domain.consent import Answer, Approval, Ruling, ruling
from domain.errors import NotAllowed
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.plan import Plan


def incident_of(here: Installation, name: str) -> Incident:
    """The incident of this id, or of this run's id. Raises UnknownIncident."""
    return here.store.incident(here.store.incident_of(name) or name)


def give(here: Installation, name: str, answer: Answer, person: str, reason: str, via: str) -> Ruling:
    """Sign and keep a proven person's answer; where the request stands now.

    Args:
        here: this host's Backout; its key signs.
        name: the incident's or the run's id.
        answer: yes or no.
        person: who answers, as the way they came proves.
        reason: why.
        via: the way they came: `cli`, `slack`.

    Raises:
        UnknownIncident: there is no such incident or run.
        NotAllowed: nobody is asked (any more), or a no has no reason.
    """
    incident = incident_of(here, name)
    plan = _asked_plan(here, incident, person, answer, reason)
    approval = Approval(
        incident=incident.id,
        plan=plan.digest(),
        answer=answer,
        person=person,
        via=via,
        proven=True,
        reason=reason,
    ).signed(here.approvals_key)
    here.store.answer(approval)
    here.store.append(incident.id, Happened.ANSWERED, {"approval": approval.model_dump(mode="json")})
    return ruling(plan, here.store.approvals(incident.id), here.approvals_key, incident.request.by)


def wake(here: Installation, api: PrefectApi, name: str, answer: Answer, person: str) -> bool:
    """Start the suspended run again, so that it finds the answer; False where it no longer waits."""
    incident = incident_of(here, name)
    asked = [entry for entry in here.store.entries(incident.id) if entry.kind == Happened.CONSENT_ASKED]
    return bool(asked) and api.resume(
        asked[-1].data["run"], {"decision": answer, "your_name": person, "reason": ""}
    )


def _asked_plan(here: Installation, incident: Incident, person: str, answer: Answer, reason: str) -> Plan:
    wanted = f"{answer} incident {incident.id}"
    if incident.outcome is not None:
        raise NotAllowed(person=person, wanted=wanted, why=f"it has ended: {incident.outcome}")
    if incident.plan is None or incident.plan.consent is None:
        raise NotAllowed(person=person, wanted=wanted, why="it asks nobody")
    if answer is Answer.REJECT and not reason.strip():
        raise NotAllowed(person=person, wanted=wanted, why="a no needs a reason (--reason)")
    already = ruling(
        incident.plan, here.store.approvals(incident.id), here.approvals_key, incident.request.by
    )
    if already is not Ruling.OPEN:
        raise NotAllowed(person=person, wanted=wanted, why=f"it was {already} before")
    return incident.plan
