"""What started the run, and whether it would start it again: a person's word, a rule of the watch, an alert, a deploy's watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.alert import Status
from domain.basis import OfAlert, OfSoak
from domain.findings import Finding
from domain.policy import Policy
from domain.reaction import Before, Limits, Result, reaction, result
from domain.replay.step import Step, agreeing, counted, missing
from domain.request import Request
from domain.situation import Situation
from domain.triggers import Baselines, Trigger, window_of
from domain.triggers.basis import OfWatch

DETECTION = "detection"
FIRES, DOES_NOT = "fires", "does not fire"
STARTS = "starts a run"
NO_BASELINE = "what the release before took, which `rise` compares with, is not in the record"
BY_WALL = "by the samples' own times it does not fire, and what the watch's clock said is not in the record"
NO_RULE = "an alert of another system's rule, which is not known here"


def started_by(request: Request) -> str:
    """Who or what asked for the run, in one line."""
    if not request.detection:
        who = f"{request.by or 'somebody who gave no name'} ({request.via})"
    elif isinstance(request.basis, OfWatch):
        who = f"the watch, trigger {request.basis.trigger.name}"
    elif isinstance(request.basis, OfSoak):
        who = f"the watch after deploy {request.basis.incident}"
    elif isinstance(request.basis, OfAlert):
        who = f"an alert of {request.by or request.detection[0].on}"
    else:
        who = request.by or "an automation"
    return f"{request.runbook}, asked for by {who}{': ' if request.reason else ''}{request.reason}"


def detected(situation: Situation) -> list[Step]:
    """Whether what was seen starts the run; nothing where a person asked."""
    request = situation.request
    if not request.detection:
        return []
    if isinstance(request.basis, OfWatch):
        return [_by_watch(request.basis, request.detection)]
    if isinstance(request.basis, OfAlert):
        return [_by_alert(request.basis, request.detection, situation.policy)]
    if isinstance(request.basis, OfSoak):
        return [_by_soak(request.basis)]
    return [_by_an_older_record(situation)]


def _by_watch(basis: OfWatch, samples: Sequence[Finding]) -> Step:
    if not len(samples) == len(basis.clocks) == len(basis.releases):
        return missing(DETECTION, FIRES, "not each sample has its time and its release in the record")
    window = window_of(basis.trigger, basis.pauses, Baselines(basis.baselines))
    found = [
        window.add(sample, clock, release)
        for sample, clock, release in zip(samples, basis.clocks, basis.releases, strict=True)
    ]
    compared = "".join(f"; {one.value:.4g} with {one.release} before" for one in basis.baselines)
    rests_on = f"{counted(len(samples), 'sample')}; {basis.trigger.words}{compared}"
    return agreeing(DETECTION, rests_on, FIRES, FIRES if any(found) else DOES_NOT)


def _by_alert(basis: OfAlert, samples: Sequence[Finding], policy: Policy) -> Step:
    """That the other system's rule held is its word; that a run was to follow is decided again."""
    before = Before(basis.incident, basis.seconds, basis.today, basis.gives_way)
    limits, wanted = Limits(basis.cool_down_s, basis.per_day), reaction(policy, basis.issue)
    found = result(Status.FIRING, wanted, before, limits, urgent=basis.urgent)
    row = policy.issue(basis.issue)
    rests_on = (
        f"{samples[0].on} says {samples[0].name}; "
        f"{f'policy row {row.name}' if row else 'no row of the policy'}: {wanted}; {basis.today} of"
        f" {basis.per_day} starts in 24 h"
    )
    return agreeing(DETECTION, rests_on, STARTS, STARTS if found is Result.STARTED else str(found))


def _by_soak(basis: OfSoak) -> Step:
    found = (
        STARTS if basis.certain or basis.looks >= basis.needed else f"{basis.looks} of {basis.needed} looks"
    )
    rests_on = f"{counted(basis.looks, 'look')} in a row after deploy {basis.incident}: {basis.said}"
    return agreeing(DETECTION, rests_on, STARTS, found)


def _by_an_older_record(situation: Situation) -> Step:
    """It holds the rules that may have fired, and neither the watch's clock nor what releases were compared."""
    samples, rules = situation.request.detection, situation.triggers
    if not rules:
        return missing(DETECTION, FIRES, NO_RULE)
    leaves = [leaf for rule in rules for leaf in rule.leaves()]
    if not any(_fires(rule, samples, situation.pauses) for rule in rules):
        if any(leaf.rise is not None for leaf in leaves):
            return missing(DETECTION, FIRES, NO_BASELINE)
        if any(leaf.measures for leaf in leaves):
            return missing(DETECTION, FIRES, BY_WALL)
        return agreeing(DETECTION, _rests_on(rules, samples), FIRES, DOES_NOT)
    return agreeing(DETECTION, _rests_on(rules, samples), FIRES, FIRES)


def _rests_on(rules: Sequence[Trigger], samples: Sequence[Finding]) -> str:
    return f"{counted(len(samples), 'sample')}; {' or '.join(rule.words for rule in rules)}"


def _fires(rule: Trigger, samples: Iterable[Finding], pauses: Mapping[str, float]) -> bool:
    window = window_of(rule, pauses)
    return any(window.add(sample, sample.at.timestamp()) for sample in samples)
