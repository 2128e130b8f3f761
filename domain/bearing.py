"""What an incident means to those outside: how far it is, whether a run acts, and the facts worth repeating."""

from __future__ import annotations

from domain.incident import Incident
from domain.message import Moment, Stage
from domain.outcomes import ENDS, WATCHED, Outcome
from domain.plan import Plan
from domain.report.facts import Facts
from domain.standing import Standing

NOT_WATCHED = "break-glass"
"""A run without Prefect starts no watch that could say the last word."""


def stage(
    moment: Moment, incident: Incident, plan: Plan | None, facts: Facts | None, standing: Standing | None
) -> Stage:
    """How far it is. Resolved is what the watch confirmed; where there is no watch, the end itself."""
    if moment is Moment.WATCHED:
        return Stage.INVESTIGATING if facts is not None and facts.watch_ok is False else Stage.RESOLVED
    if incident.outcome in WATCHED:
        return Stage.RESOLVED if incident.request.via == NOT_WATCHED else Stage.MONITORING
    if incident.outcome is not None and over(incident.outcome):
        return Stage.RESOLVED
    if moment is Moment.SWITCHED or (standing is not None and standing.switched):
        return Stage.MONITORING
    if moment is Moment.STARTED or plan is None:
        return Stage.INVESTIGATING
    return Stage.IDENTIFIED


def over(outcome: Outcome) -> bool:
    """Whether nobody needs to act: it ended well, or another incident took its place."""
    return ENDS[outcome].exit_code == 0 or outcome is Outcome.SUPERSEDED


def acting(moment: Moment, incident: Incident, plan: Plan | None, standing: Standing | None) -> bool:
    """Whether a run acts with the consent it needs."""
    if incident.outcome is not None:
        return False
    if standing is not None:
        return standing.acting
    if moment in (Moment.CONSENTED, Moment.SWITCHED):
        return True
    return moment is Moment.STARTED and plan is not None and plan.stops_with is None and plan.consent is None
