"""How the end of an incident is titled."""

from __future__ import annotations

from domain.incident import Incident
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.shares import in_words


def ended(incident: Incident, plan: Plan | None, act: str) -> str:
    """The title of an incident's end. `act`: what it is, in a word."""
    app = incident.application
    said = {
        Outcome.ROLLED_BACK: f"✅ ROLLBACK COMPLETED: {app} now runs {plan.to_release if plan else 'the old release'}",
        Outcome.TURNED_OFF: f"✅ FEATURE TURNED OFF: {app} stays on {plan.from_release if plan else 'its release'}",
        Outcome.RESTARTED: f"✅ RESTARTED: {app} runs {plan.to_release if plan else 'the same release'}",
        Outcome.SHIFTED: f"✅ TRAFFIC SHIFTED: {app}: {in_words(plan.to_shares) if plan else 'a part'}",
        Outcome.DEPLOYED: f"✅ DEPLOYED: {app} runs {plan.to_release if plan else 'the new release'}",
        Outcome.NOTHING_TO_DO: f"✅ NOTHING TO DO: {app}",
        Outcome.RESTART_FAILED: f"⚠️ RESTART FAILED: {app}",
    }
    if incident.outcome in said:
        return said[incident.outcome]
    end = (incident.outcome or "unfinished").replace("_", " ").upper()
    return f"⚠️ {act.upper()} {end}: {incident.application}"
