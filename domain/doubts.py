"""Reasons not to go back although a target is there: the proxy is at fault, it was just tried, or it is no faster."""

from __future__ import annotations

from domain.attempts import failed_lately
from domain.plan import Decision
from domain.release import Slot
from domain.situation import Situation
from domain.speed import no_faster

Doubt = tuple[Decision, str]
"""What to decide instead, and why."""


def of_a_trigger(situation: Situation, target: Slot) -> Doubt | None:
    """Reasons that stop a trigger; a person may know better."""
    if not situation.request.automatic:
        return None
    return _proxy_at_fault(situation) or _tried_lately(situation, target)


def of_speed(situation: Situation, target: Slot) -> Doubt | None:
    """The target was measured, and is not clearly faster; `--force` goes on."""
    survey = situation.survey
    why = no_faster(survey.findings.get(survey.serving or "", []), survey.findings.get(target.name, []))
    return (Decision.WONT_HELP, why) if why and not situation.request.force else None


def _proxy_at_fault(situation: Situation) -> Doubt | None:
    """The serving slot is well at its own address, and the same signal is bad through the router."""
    survey = situation.survey
    serving = survey.serving or ""
    well = {finding.name for finding in survey.findings.get(serving, [])}
    between = [finding for finding in survey.through_router if finding.bad and finding.name in well]
    if not between or not survey.healthy(serving):
        return None
    said = f"{between[0].name} through the router: {between[0].said}"
    return Decision.WONT_HELP, f"it is the proxy, not the release: {serving} is healthy past it; {said}"


def _tried_lately(situation: Situation, target: Slot) -> Doubt | None:
    survey = situation.survey
    serving = survey.slot(survey.serving)
    before = failed_lately(situation.recent, serving.version if serving else None, target.version, survey.at)
    if before is None:
        return None
    at = before.closed_at.strftime("%H:%M UTC")
    why = f"{target.version} was tried at {at} (incident {before.incident}) and did not verify: a person must decide"
    return Decision.HOLD, why
