"""From what was seen to what is done: the decision, as a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Sequence

from domain.acts import acts_of
from domain.asking import changes_database, consent_for, ends_a_canary
from domain.doubts import of_a_trigger, of_speed
from domain.findings import fails_alike, summary
from domain.offers import offers
from domain.plan import Decision, Plan
from domain.policy import Action, Policy
from domain.quarantine import refused
from domain.release import Slot, Survey, placed
from domain.request import HOTFIX, RESTART, SECURITY, SHIFT_TRAFFIC, Kind, Request
from domain.severity import Severity
from domain.shares import in_words
from domain.situation import Situation
from domain.target import choose, known_good, why_none


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
    if back := _already_back(situation) or _part_is_back(situation):
        return back
    target = choose(situation)
    if target is None:
        return _stop(situation, None, Decision.HOLD, why_none(situation))
    if target.name == situation.survey.serving:
        return _stop(
            situation,
            target,
            Decision.NOTHING_TO_DO,
            [f"{placed(target.version, target.name)} has the traffic"],
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


def _part_is_back(situation: Situation) -> Plan | None:
    """A part that runs another release than it was deployed with was taken back before; a release named goes further."""
    survey = situation.survey
    serving = survey.slot(survey.serving)
    if situation.request.to or serving is None or survey.whole in (None, serving.version):
        return None
    part = situation.request.only
    why = [f"{part} runs {serving.version}; {survey.whole} was deployed last, so it is back already"]
    return _stop(
        situation, serving, Decision.NOTHING_TO_DO, [*why, "name a release with --to to go further back"]
    )


def _refusal(situation: Situation, target: Slot) -> Plan | None:
    """A plan that stops, where this target must not get traffic; None where it may."""
    survey, request = situation.survey, situation.request
    if held := refused(situation.releases, target.version):
        return _stop(situation, target, Decision.HOLD, [held])
    if doubt := of_a_trigger(situation, target):
        return _stop(situation, target, doubt[0], [doubt[1]])
    if target.running and not survey.healthy(target.name) and not _may_be_unhealthy(situation):
        return _unhealthy(situation, target)
    if doubt := of_speed(situation, target):
        return _stop(situation, target, doubt[0], [doubt[1]])
    action = situation.policy.rules[severity_of(request, situation.policy)].action
    if action is Action.NEXT_RELEASE and not request.force and request.runbook != HOTFIX:
        return _stop(
            situation,
            target,
            Decision.FIX_FORWARD,
            ["low severity: mend it in the next release (or --force)"],
        )
    return None


def _may_be_unhealthy(situation: Situation) -> bool:
    """Where the person says so, or the database is brought to what the target needs: it is looked at again after that."""
    return situation.request.even_unhealthy or changes_database(situation)


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
        situation,
        target,
        Decision.HOLD,
        [f"{placed(target.version, target.name)} is not healthy now: {said}"],
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
        from_shares=survey.shares if survey.serving else {},
        to_release=target.version if target else None,
        to_slot=target.name if target else None,
        why=list(why),
        rto_s=policy.rto_s(severity, request.issue),
        seen=[*survey.through_router, *survey.clues, *at_slots, *survey.database],
    )


def _stop(situation: Situation, target: Slot | None, decision: Decision, why: Sequence[str]) -> Plan:
    return plan_base(situation, target, decision, why)


def _roll_back(situation: Situation, target: Slot) -> Plan:
    request, policy = situation.request, situation.policy
    severity = severity_of(request, policy)
    rule = policy.rules[severity]
    hotfix_first = rule.action is Action.HOTFIX_FIRST and request.runbook != HOTFIX
    proposal = "a hotfix may be the better answer" if hotfix_first else ""
    acts = acts_of(situation)
    past = sorted(situation.past_s)
    return plan_base(situation, target, Decision.ROLL_BACK, _why(situation, target)).model_copy(
        update={
            "consent": None
            if ends_a_canary(situation)
            else consent_for(
                request, rule.consent, blind=not situation.standby and severity is not Severity.CRITICAL
            ),
            "deadline_s": rule.deadline_s,
            "proposal": proposal,
            "acts": acts,
            "blind": not situation.standby,
            "forward": request.runbook == HOTFIX,
            "eta_s": past[len(past) // 2] if past else None,
            "at_risk": _at_risk(situation, target),
            "offers": offers_of(situation, shift=_may_shift(situation)),
        }
    )


def _may_shift(situation: Situation) -> bool:
    """Whether the target may get a part of the traffic: not where old and new code cannot both run on the database as it will be."""
    may = situation.request.runbook not in (HOTFIX, SHIFT_TRAFFIC)
    return situation.grain is not None and may and not changes_database(situation)


def offers_of(situation: Situation, *, shift: bool = False) -> list[str]:
    """What can be done in place of the plan; never the same once more."""
    request = situation.request
    parts = [part.name for part in situation.survey.parts if part.name != request.only]
    return offers(
        parts,
        hotfix=request.runbook != HOTFIX,
        restart=situation.restarts and request.only is None and request.runbook != RESTART,
        shift=shift and request.only is None,
    )


def reasons_of(situation: Situation) -> list[str]:
    """What was told and what is seen, before any choice."""
    survey, request = situation.survey, situation.request
    reasons = [request.reason] if request.reason else []
    trouble = [finding for finding in survey.through_router if not finding.ok]
    reasons += [f"users see: {finding.name}: {finding.said}" for finding in trouble]
    return reasons + [f"{finding.on} says: {finding.said}" for finding in survey.clues if not finding.ok]


def _why(situation: Situation, target: Slot) -> list[str]:
    survey, request = situation.survey, situation.request
    chosen = "asked for" if request.to else f"the newest {_state(survey, target)}"
    shared = [f"traffic is shared out now: {in_words(survey.shares)}"] if survey.shares else []
    good = [] if request.runbook == HOTFIX else [known_good(situation, target)]
    picked = f"{placed(target.version, target.name)} is {chosen}"
    return [*reasons_of(situation), *shared, picked, *filter(None, good)]


def _state(survey: Survey, target: Slot) -> str:
    if survey.healthy(target.name):
        return "healthy release that has served"
    if not target.running:
        return "stopped release that has served"
    return "release that has served, though it is not healthy before the change"


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
    if situation.request.issue == SECURITY:
        risks.append(
            f"no check tells whether {target.version} has the same hole; name an older release if it has"
        )
    return risks
