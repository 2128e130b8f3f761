"""From what was seen to what is done: the decision, as a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from domain.errors import UnknownRelease
from domain.findings import fails_alike, summary
from domain.plan import Decision, Plan
from domain.policy import Action, Consent, Policy
from domain.release import Release, Slot, Survey
from domain.request import Kind, Request
from domain.severity import Severity

ACTS = ["preserve", "prepare", "switch", "verify", "report", "soak"]
EMERGENCY_ACTS = ["prepare", "switch", "verify", "preserve", "report", "soak"]


class Situation(BaseModel):
    """All a decision rests on; kept in the journal, so that it can be explained later.

    Attributes:
        releases: the recorded ones, newest first.
        past_s: how long past rollbacks of this application took, in seconds.
    """

    model_config = ConfigDict(frozen=True)

    request: Request
    survey: Survey
    releases: list[Release]
    policy: Policy
    past_s: list[float] = []
    standby: bool = True


def severity_of(request: Request, policy: Policy) -> Severity:
    """A person's word, else the policy's row; an emergency is critical."""
    if request.kind is Kind.EMERGENCY:
        return Severity.CRITICAL
    return request.severity or policy.severity_of(request.issue)


def assess(situation: Situation) -> Plan:
    """Decide: roll back, do nothing, hold, fix forward, or say that a rollback will not help.

    Raises:
        UnknownRelease: `request.to` is in no slot.
    """
    target = _target(situation)
    if target is None:
        return _stop(situation, None, Decision.HOLD, _why_no_target(situation))
    if target.name == situation.survey.serving:
        return _stop(
            situation, target, Decision.NOTHING_TO_DO, [f"{target.version} in {target.name} has the traffic"]
        )
    refused = _refusal(situation, target)
    return refused or _roll_back(situation, target)


def _target(situation: Situation) -> Slot | None:
    """The slot to go back to: the one asked for, else the newest healthy, unquarantined release that has served.

    Where none is healthy, the newest stopped one, which can be started; then the newest, for the reason it is refused.
    """
    survey, wanted = situation.survey, situation.request.to
    if wanted is not None:
        slot = survey.holding(wanted)
        if slot is None:
            known = [slot.version for slot in survey.slots if slot.version]
            raise UnknownRelease(application=survey.application, release=wanted, known=known)
        return slot
    candidates = _served_before(situation)
    healthy = [slot for slot in candidates if survey.healthy(slot.name)]
    stopped = [slot for slot in candidates if not slot.running]
    return next(iter(healthy or stopped or candidates), None)


def _served_before(situation: Situation) -> list[Slot]:
    """Standby slots whose release has served and is not quarantined, newest first; a stopped one can be started."""
    survey = situation.survey
    found = (
        survey.holding(release.version)
        for release in situation.releases
        if release.served_since is not None and release.quarantined_by is None
    )
    return [slot for slot in found if slot is not None and slot.name != survey.serving]


def _why_no_target(situation: Situation) -> list[str]:
    standby = [
        slot for slot in situation.survey.slots if slot.name != situation.survey.serving and slot.version
    ]
    reasons = [
        f"no standby release of {situation.survey.application} is known to have served and to be unquarantined"
    ]
    reasons += [f"{slot.name} holds {slot.version}, which has no record of serving" for slot in standby]
    return [*reasons, "name the release to go back to with --to"]


def _refusal(situation: Situation, target: Slot) -> Plan | None:
    """A plan that stops, where this target must not get traffic; None where it may."""
    survey, request = situation.survey, situation.request
    holder = next((row.quarantined_by for row in situation.releases if row.version == target.version), None)
    if holder:
        return _stop(
            situation, target, Decision.HOLD, [f"{target.version} is quarantined since incident {holder}"]
        )
    if target.running and not survey.healthy(target.name) and not request.even_unhealthy:
        return _unhealthy(situation, target)
    action = situation.policy.rules[severity_of(request, situation.policy)].action
    if action is Action.NEXT_RELEASE and not request.force:
        return _stop(
            situation,
            target,
            Decision.FIX_FORWARD,
            ["low severity: mend it in the next release (or --force)"],
        )
    return None


def _unhealthy(situation: Situation, target: Slot) -> Plan:
    survey = situation.survey
    theirs = survey.findings.get(target.name, [])
    shared = fails_alike(survey.findings.get(survey.serving or "", []), theirs)
    if shared:
        return _stop(
            situation, target, Decision.WONT_HELP, [f"both releases fail alike: {', '.join(shared)}"]
        )
    said = summary(theirs) if theirs else "no findings"
    return _stop(
        situation, target, Decision.HOLD, [f"{target.version} in {target.name} is not healthy now: {said}"]
    )


def _base(situation: Situation, target: Slot | None, decision: Decision, why: Sequence[str]) -> Plan:
    survey, request, policy = situation.survey, situation.request, situation.policy
    severity = severity_of(request, policy)
    serving = survey.slot(survey.serving)
    seen = [*survey.through_router, *(finding for found in survey.findings.values() for finding in found)]
    return Plan(
        application=survey.application,
        decision=decision,
        severity=severity,
        issue=request.issue,
        from_release=serving.version if serving else None,
        from_slot=survey.serving,
        to_release=target.version if target else None,
        to_slot=target.name if target else None,
        why=list(why),
        rto_s=policy.rto_s(severity, request.issue),
        seen=seen,
    )


def _stop(situation: Situation, target: Slot | None, decision: Decision, why: Sequence[str]) -> Plan:
    return _base(situation, target, decision, why)


def _roll_back(situation: Situation, target: Slot) -> Plan:
    request, policy = situation.request, situation.policy
    severity = severity_of(request, policy)
    rule = policy.rules[severity]
    proposal = "a hotfix may be the better answer" if rule.action is Action.HOTFIX_FIRST else ""
    acts = EMERGENCY_ACTS if request.kind is Kind.EMERGENCY else ACTS
    past = sorted(situation.past_s)
    return _base(situation, target, Decision.ROLL_BACK, _why(situation, target)).model_copy(
        update={
            "consent": _consent(
                request, rule.consent, blind=not situation.standby and severity is not Severity.CRITICAL
            ),
            "deadline_s": rule.deadline_s,
            "proposal": proposal,
            "acts": list(acts),
            "blind": not situation.standby,
            "eta_s": past[len(past) // 2] if past else None,
            "at_risk": _at_risk(situation, target),
        }
    )


def _consent(request: Request, consent: Consent, *, blind: bool) -> Consent | None:
    """Whom to ask: nobody with --force; a blind switch is always asked about unless it is critical."""
    if request.force:
        return None
    if blind:
        return consent.model_copy(update={"people": max(1, consent.people)})
    asked = consent.people > 0 and (consent.when_automatic or not request.automatic)
    return consent if asked else None


def _why(situation: Situation, target: Slot) -> list[str]:
    survey, request = situation.survey, situation.request
    reasons = [request.reason] if request.reason else []
    trouble = [finding for finding in survey.through_router if not finding.ok]
    reasons += [f"users see: {finding.name}: {finding.said}" for finding in trouble]
    state = "healthy" if survey.healthy(target.name) else "stopped" if not target.running else "unhealthy"
    chosen = "asked for" if request.to else f"the newest {state} release that has served"
    return [*reasons, f"{target.version} in {target.name} is {chosen}"]


def _at_risk(situation: Situation, target: Slot) -> list[str]:
    survey = situation.survey
    risks = []
    to_schema = next(
        (row.schema_version for row in situation.releases if row.version == target.version), None
    )
    if survey.schema_version and to_schema and to_schema != survey.schema_version:
        risks.append(f"the schema stays at {survey.schema_version}; the target was recorded with {to_schema}")
    if situation.request.even_unhealthy:
        risks.append("the target's health is ignored (--even-unhealthy)")
    if situation.request.force:
        risks.append("nobody is asked (--force)")
    return risks
