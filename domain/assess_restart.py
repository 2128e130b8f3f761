"""The plan of a restart: what serves is started anew in place, and stays the release that it is.

Aldeia "Remember" 1, before a rollback as the last resort; NotesHub "Standard Rollback" 3, as one step of it.
"""

from __future__ import annotations

from domain.acts import COMPARE_AGAIN
from domain.asking import consent_for
from domain.assess import offers_of, plan_base, reasons_of
from domain.attempts import LATELY
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.release import Slot, placed
from domain.request import RESTART
from domain.situation import Situation

ACTS = ["preserve", RESTART, "verify", COMPARE_AGAIN, "report", "soak"]

CANNOT = "this platform cannot restart what serves"
NOBODY_SERVES = "no one slot has the traffic, so nobody can tell what to restart"
A_GAP = "users get errors, or wait, until it is up again: nothing else of this release serves meanwhile"


def assess_restart(situation: Situation) -> Plan:
    """Restart what serves, or hold where that cannot be done. No severity lets it wait for the next release."""
    survey, request = situation.survey, situation.request
    serving = survey.slot(survey.serving)
    if serving is None or not situation.restarts:
        why = CANNOT if serving else NOBODY_SERVES
        return plan_base(situation, serving, Decision.HOLD, [why])
    if situation.half:
        why = f"a deploy left {situation.half} half-way in the place of {serving.version}: a rollback undoes that first"
        return plan_base(situation, serving, Decision.HOLD, [why])
    if again := _in_vain(situation, serving):
        return plan_base(situation, serving, Decision.HOLD, [again])
    why_this = [*reasons_of(situation), f"{placed(serving.version, serving.name)} is restarted in place"]
    plan = plan_base(situation, serving, Decision.RESTART, why_this)
    rule = situation.policy.rules[plan.severity]
    return plan.model_copy(
        update={
            "acts": ACTS,
            "consent": consent_for(request, rule.consent, blind=False),
            "deadline_s": rule.deadline_s,
            "at_risk": [] if situation.rolling else [A_GAP],
            "offers": offers_of(situation),
        }
    )


def _in_vain(situation: Situation, serving: Slot) -> str:
    """Why a trigger does not restart the same release once more, in one line; empty where it may. A person always may."""
    failed = [
        attempt.incident
        for attempt in situation.recent
        if attempt.outcome is Outcome.RESTART_FAILED
        and attempt.to_release == serving.version
        and situation.survey.at - attempt.closed_at <= LATELY
    ]
    return (
        f"a restart of {serving.version} did not help within the last hour: incident {failed[0]}"
        if failed
        else ""
    )
