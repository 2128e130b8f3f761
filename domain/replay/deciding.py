"""What was decided before anything was changed: how severe it is, where to go, the plan."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from domain.assess import severity_of
from domain.assess_database import RUNBOOKS_OF_THE_DATABASE, decide
from domain.errors import BackoutError
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.replay.step import Step, agreeing, counted, missing
from domain.report.record import Record
from domain.request import DEPLOY, PROMOTE, RESTART
from domain.severity import Severity
from domain.situation import Situation
from domain.target import choose

MADE_ANEW = ("made_at",)
"""What every new plan has of its own."""


def situation_of(record: Record) -> Situation | None:
    """What the plan rests on, as it was journaled; None where the journal lacks it. Raises ValidationError where it does not fit."""
    planned = record.first(Happened.PLANNED)
    data = planned.data.get("situation") if planned else None
    return Situation.model_validate(data) if data else None


def severity(situation: Situation, plan: Plan) -> Step:
    """A person's word, or the policy's row."""
    request, policy = situation.request, situation.policy
    row = policy.issue(request.issue)
    if request.severity is not None:
        rests_on = f"said by {request.by or 'who asked'}"
    elif row is not None:
        rests_on = f"policy row {row.name} ({row.source})"
    else:
        rests_on = f"policy: no row for {request.issue or 'an issue that is not named'}"
    found = severity_of(request, policy)
    return agreeing(
        "severity", rests_on, _in(plan.severity, plan.rto_s), _in(found, policy.rto_s(found, request.issue))
    )


def _in(severity: Severity, rto_s: int) -> str:
    return f"{severity}, RTO {rto_s} s"


def target(situation: Situation, plan: Plan) -> list[Step]:
    """The slot to go back to; nothing for a deploy, and for runbooks that change the database alone, or no release."""
    if situation.request.runbook in (*RUNBOOKS_OF_THE_DATABASE, RESTART, DEPLOY, PROMOTE):
        return []
    survey = situation.survey
    looks = sum(len(rows) for rows in survey.findings.values())
    rests_on = f"{counted(len(situation.releases), 'release')}, {counted(len(survey.slots), 'slot')}, {counted(looks, 'finding')}"
    try:
        found = choose(situation)
    except BackoutError as error:
        return [agreeing("target", rests_on, plan.to_slot or "none", error.what())]
    # A plan that does nothing may name what serves as its target without a choice.
    if plan.to_slot == plan.from_slot and (found is None or found.name != plan.to_slot):
        return []
    return [agreeing("target", rests_on, plan.to_slot or "none", found.name if found else "none")]


def decision(situation: Situation, plan: Plan) -> Step:
    """The whole plan, key by key."""
    survey = situation.survey
    seen = len(survey.through_router) + sum(len(rows) for rows in survey.findings.values())
    rests_on = f"{counted(seen, 'finding')}, policy, {counted(len(situation.recent), 'earlier attempt')}"
    rests_on += ", a study of the database" if situation.study else ""
    try:
        again = decide(situation)
    except (BackoutError, ValueError) as error:
        return agreeing("plan", rests_on, _said(plan), f"{type(error).__name__}: {error}")
    differing = differences(plan, again)
    said = _said(plan)
    replayed = said if not differing else f"{_said(again)} ({', '.join(differing)} differ)"
    return agreeing("plan", rests_on, said, replayed, "; ".join(differing.values()))


def _said(plan: Plan) -> str:
    return f"{plan.said}: {plan.from_release} → {plan.to_release}" if plan.to_release else plan.said


def differences(plan: Plan, again: Plan) -> dict[str, str]:
    """Key -> what it was and what it is, of all that differ."""
    was, now = (one.model_dump(mode="json", exclude=set(MADE_ANEW)) for one in (plan, again))
    return {key: f"{key} was {was[key]!r}, is {now[key]!r}" for key in was if was[key] != now[key]}


def kept(incident: Incident, plan: Plan) -> Step:
    """The plan that the incident carries is the one that was journaled: an approval is signed over it."""
    digest = incident.plan.digest() if incident.plan else "none"
    return agreeing("plan kept", "the incident's row", plan.digest()[:12], digest[:12])


def unreadable(record: Record, error: ValidationError) -> Step:
    """A record that this version of Backout does not understand."""
    planned = record.first(Happened.PLANNED)
    data: dict[str, Any] = planned.data if planned else {}
    by = data.get("backout", "an unknown version")
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return missing(
        "plan", "made", f"it was written by Backout {by} and does not fit here: {place}: {first['msg']}"
    )
