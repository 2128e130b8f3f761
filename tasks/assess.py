"""Assess: from what was seen to a plan, made once an incident and kept."""

from datetime import timedelta

from blocks.document import Document
from blocks.ledger import Ledger
from blocks.own_version import own_version
from blocks.restartable import Restartable
from blocks.sharing import grain_of
from domain.assess_database import decide
from domain.attempts import attempts
from domain.database.study import Study
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.policy import Span
from domain.release import Release, Survey, flag_part, merged
from domain.report.facts import gather
from domain.request import THIRD_PARTY, Kind, Request
from domain.rollout import Terms
from domain.shares import with_origin
from domain.situation import Situation
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended

PAST_INCIDENTS = 5

RECENT = timedelta(days=2)
"""How far back incidents are read: one that waited for people may have been opened long before it ended."""


def situation_of_request(ledger: Ledger, document: Document, request: Request, seen: Survey) -> Situation:
    """All the decision rests on. An emergency asks nobody, so it does not work out how long one takes."""
    past = [] if request.kind is Kind.EMERGENCY else _past_s(ledger, document)
    ended = ledger.incidents(document.name, seen.at - RECENT) if request.automatic else []
    releases = releases_of(ledger, document)
    return Situation(
        request=request,
        survey=with_origin(seen, releases, request.to),
        releases=releases,
        policy=document.policy,
        past_s=past,
        recent=attempts(ended),
        standby=document.platform.standby,
        aligns=document.platform.aligns,
        flag=_flag_of(document, request),
        restarts=isinstance(document.platform, Restartable),
        rolling=isinstance(document.platform, Restartable) and document.platform.rolling,
        grain=grain_of(document.platform),
        half=_half_of(ledger, document, seen),
    )


def _half_of(ledger: Ledger, document: Document, seen: Survey) -> str | None:
    """The release that a deploy left half-way in the place of what serves; None where it is a rollback that goes on there.

    What no incident here knows of is taken for a deploy's: without the store that cannot be told.
    """
    if seen.half is None or not document.platform.whole:
        return None
    known = ((found.request.kind, found.plan) for found in ledger.incidents(document.name))
    moves = ((kind, plan) for kind, plan in known if plan and plan.to_slot == seen.half)
    kind, plan = next(moves, (Kind.DEPLOY, None))
    if kind is not Kind.DEPLOY:
        return None
    return plan.to_release if plan else seen.half


def _flag_of(document: Document, request: Request) -> str | None:
    """The feature to turn off first: the one named, else the application's; None for runbooks that turn none off."""
    if request.runbook != THIRD_PARTY:
        return None
    return request.flag or (flag_part(document.integration) if document.integration else None)


def releases_of(ledger: Ledger, document: Document) -> list[Release]:
    """What is known of releases, newest first: Backout's record, and what the platform itself keeps one of.

    Of a part only the platform's own, with the whole's quarantine: no part goes back to a release that was found bad.
    """
    own = document.platform.history()
    if own is None:
        return ledger.releases(document.name)
    named = [release.model_copy(update={"application": document.name}) for release in own]
    recorded = ledger.releases(document.name)
    if document.platform.whole:
        return merged(named, recorded)
    bad = {release.version: release.quarantined_by for release in recorded}
    return [release.model_copy(update={"quarantined_by": bad.get(release.version)}) for release in named]


def _past_s(ledger: Ledger, document: Document) -> list[float]:
    """Seconds that the last rollbacks took, without the time that they waited for people."""
    rolled_back = [found for found in ledger.incidents(document.name) if found.outcome is Outcome.ROLLED_BACK]
    facts = (
        gather(found, ledger.entries(found.id), document.policy) for found in rolled_back[:PAST_INCIDENTS]
    )
    return [took for one in facts if (took := one.times.seconds(Span.RUN)) is not None]


@act("assess")
def make_plan(case: Case, seen: Survey, study: Study | None = None, terms: Terms | None = None) -> Plan:
    """The incident's plan: the kept one, else a new one, kept before anything is changed.

    Raises:
        UnknownRelease: the release asked for is in no slot.
        Ended: the plan changes nothing.
    """
    plan = case.ledger.incident(case.incident.id).plan or _first_plan(case, seen, study, terms)
    if plan.stops_with is not None:
        raise Ended(plan.stops_with, "; ".join(plan.why))
    return plan


def _first_plan(case: Case, seen: Survey, study: Study | None, terms: Terms | None) -> Plan:
    asked = situation_of_request(case.ledger, case.document, case.request, seen)
    situation = asked.model_copy(update={"study": study, "deploy": terms})
    plan = case.ledger.keep_plan(case.hold, decide(situation))
    case.note(
        Happened.PLANNED,
        plan=plan.model_dump(mode="json"),
        situation=situation.model_dump(mode="json"),
        backout=own_version(),
    )
    incident = case.ledger.incident(case.incident.id)
    case.mirror(lambda local: local.mirror(incident, situation.releases))
    return plan
