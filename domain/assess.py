"""From what was seen to what is done: the decision, as a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Sequence

from domain.database.way_back import with_the_code
from domain.doubts import of_a_trigger, of_speed
from domain.findings import fails_alike, summary
from domain.plan import Decision, Plan
from domain.policy import Action, Consent, Policy
from domain.release import Slot
from domain.request import Kind, Request
from domain.severity import Severity
from domain.situation import Situation
from domain.target import choose, why_none

ACTS = ["preserve", "prepare", "switch", "verify", "report", "soak"]
EMERGENCY_ACTS = ["prepare", "switch", "verify", "preserve", "report", "soak"]


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
    if back := _already_back(situation):
        return back
    target = choose(situation)
    if target is None:
        return _stop(situation, None, Decision.HOLD, why_none(situation))
    if target.name == situation.survey.serving:
        return _stop(
            situation, target, Decision.NOTHING_TO_DO, [f"{target.version} in {target.name} has the traffic"]
        )
    refused = _refusal(situation, target)
    return refused or _roll_back(situation, target)


def _already_back(situation: Situation) -> Plan | None:
    """A second rollback, with no release named, does nothing: what serves is what the first one went back to.

    That is only said of a serving release that was looked at.
    """
    survey = situation.survey
    serving = survey.slot(survey.serving)
    newest = situation.releases[0] if situation.releases else None
    looked = [*survey.findings.get(survey.serving or "", []), *survey.through_router]
    if situation.request.to or serving is None or newest is None or newest.quarantined_by is None:
        return None
    if newest.version == serving.version or not looked or any(finding.bad for finding in looked):
        return None
    why = f"{serving.version} serves since incident {newest.quarantined_by} rolled back from {newest.version}"
    further = "name a release with --to to go further back"
    return _stop(situation, serving, Decision.NOTHING_TO_DO, [why, further])


def _refusal(situation: Situation, target: Slot) -> Plan | None:
    """A plan that stops, where this target must not get traffic; None where it may."""
    survey, request = situation.survey, situation.request
    holder = next((row.quarantined_by for row in situation.releases if row.version == target.version), None)
    if holder:
        return _stop(
            situation, target, Decision.HOLD, [f"{target.version} is quarantined since incident {holder}"]
        )
    if doubt := of_a_trigger(situation, target):
        return _stop(situation, target, doubt[0], [doubt[1]])
    if target.running and not survey.healthy(target.name) and not _may_be_unhealthy(situation):
        return _unhealthy(situation, target)
    if doubt := of_speed(situation, target):
        return _stop(situation, target, doubt[0], [doubt[1]])
    action = situation.policy.rules[severity_of(request, situation.policy)].action
    if action is Action.NEXT_RELEASE and not request.force:
        return _stop(
            situation,
            target,
            Decision.FIX_FORWARD,
            ["low severity: mend it in the next release (or --force)"],
        )
    return None


def _may_be_unhealthy(situation: Situation) -> bool:
    """Where the person says so, or the database is brought to what the target needs: it is looked at again after that."""
    study = situation.study
    changes = study is not None and with_the_code(study, situation.request.wish).acts
    return situation.request.even_unhealthy or changes


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


def plan_base(situation: Situation, target: Slot | None, decision: Decision, why: Sequence[str]) -> Plan:
    """A plan with what every decision says; it asks nobody and does nothing yet."""
    survey, request, policy = situation.survey, situation.request, situation.policy
    severity = severity_of(request, policy)
    serving = survey.slot(survey.serving)
    at_slots = [finding for found in survey.findings.values() for finding in found]
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
        seen=[*survey.through_router, *at_slots, *survey.database],
    )


def _stop(situation: Situation, target: Slot | None, decision: Decision, why: Sequence[str]) -> Plan:
    return plan_base(situation, target, decision, why)


def _roll_back(situation: Situation, target: Slot) -> Plan:
    request, policy = situation.request, situation.policy
    severity = severity_of(request, policy)
    rule = policy.rules[severity]
    proposal = "a hotfix may be the better answer" if rule.action is Action.HOTFIX_FIRST else ""
    acts = EMERGENCY_ACTS if request.kind is Kind.EMERGENCY else ACTS
    past = sorted(situation.past_s)
    return plan_base(situation, target, Decision.ROLL_BACK, _why(situation, target)).model_copy(
        update={
            "consent": consent_for(
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


def consent_for(request: Request, consent: Consent, *, blind: bool) -> Consent | None:
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
    if situation.study is None and survey.schema_version and to_schema and to_schema != survey.schema_version:
        risks.append(f"the schema stays at {survey.schema_version}; the target was recorded with {to_schema}")
    if situation.request.even_unhealthy:
        risks.append("the target's health is ignored (--even-unhealthy)")
    if situation.request.force:
        how = "--break-glass" if situation.request.via == "break-glass" else "--force"
        risks.append(f"nobody is asked ({how})")
    return risks
