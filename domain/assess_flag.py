"""A feature that is turned off before a release goes back: Jarvis scenario 4, "disable feature flag; if that doesn't help, rollback"."""

from __future__ import annotations

from domain.asking import consent_for
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.release import Part
from domain.request import THIRD_PARTY
from domain.situation import Situation

OFF = "off"
TURN_OFF, LOOK_AGAIN = "turn off", "look again"
FIRST = [TURN_OFF, LOOK_AGAIN]
"""The acts that come before the code's."""

NONE_NAMED = "no feature flag is named for it (`integration` in backout.yaml), so none is turned off first"
BEFORE_THE_CODE = "prepare"
WHOLE = ["preserve", *FIRST, "report"]


def with_flag(plan: Plan, situation: Situation) -> Plan:
    """The plan with the flag in front: also where no release can be gone back to, since a flag may help all the same.

    As it is, but for a reason more, where no flag is named or the feature is off already; and where severity lets it wait.
    """
    if situation.request.runbook != THIRD_PARTY or plan.decision is Decision.FIX_FORWARD:
        return plan
    name = situation.flag
    if name is None:
        return plan.model_copy(update={"why": [*plan.why, NONE_NAMED]})
    part = next((known for known in situation.survey.parts if known.name == name), None)
    if part is None or part.release == OFF:
        return plan.model_copy(update={"why": [*plan.why, _left_out(name, part)]})
    first = f"{name} is turned off first, and the release goes back only where that does not help"
    return plan.model_copy(update={"flag": name, "why": [*plan.why, first], **_asked(plan, situation)})


def _left_out(name: str, part: Part | None) -> str:
    if part is None:
        return f"{name} was not seen, so no feature is turned off first"
    return f"{name} is off already, and that did not help"


def _asked(plan: Plan, situation: Situation) -> dict[str, object]:
    """Acts and consent: a plan that would have changed nothing asks nobody yet."""
    if plan.decision is Decision.ROLL_BACK:
        at = plan.acts.index(BEFORE_THE_CODE)
        return {"acts": [*plan.acts[:at], *FIRST, *plan.acts[at:]]}
    rule = situation.policy.rules[plan.severity]
    consent = consent_for(situation.request, rule.consent, blind=False)
    return {"acts": WHOLE, "consent": consent, "deadline_s": rule.deadline_s}


def after_the_flag(plan: Plan) -> Outcome | None:
    """How a run ends whose flag did not help; None where the release goes back now."""
    ends = plan.without_flag
    return Outcome.WONT_HELP if ends is Outcome.NOTHING_TO_DO else ends
