"""Commit: a watch that ended well is evidence that the release is good, and a deploy is final with it."""

from datetime import UTC, datetime

from domain.good import unbroken
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.report.markdown import duration
from tasks.case import Case
from tasks.pin import pin

PROVES = (Outcome.DEPLOYED, Outcome.ROLLED_BACK, Outcome.RESTARTED)
"""The ends after which one release has all the traffic."""


def commit(case: Case) -> str:
    """Keep it as evidence that the watch ended well; in words what came of it, empty where there is nothing to say.

    Not of a part, which is no release, and not where traffic is shared out. Done once, however often it is called. While
    the watch slept, since `serve` or its host was down, nobody saw anything: what counts is what it looked at since.
    """
    incident, plan = case.ledger.incident(case.incident.id), case.plan
    whole = case.document.platform.whole and not plan.to_shares
    if incident.outcome not in PROVES or not whole or plan.to_release is None or _committed(case):
        return ""
    until = datetime.now(UTC)
    since = unbroken(_looked(case, incident.closed_at or incident.opened_at), until)
    asked_s = min(case.document.deploy.good_after_s, case.document.policy.watched_s(incident.request.kind))
    seen_s = (until - since).total_seconds()
    if seen_s < asked_s:
        return f"no evidence yet: it takes {duration(asked_s)}, and was watched for {duration(seen_s)}"
    case.ledger.good(plan.application, plan.to_release, since, until, incident.id)
    case.mirror(lambda local: local.keep_releases(case.ledger.releases(plan.application)))
    held = pin(case)
    case.note(
        Happened.COMMITTED,
        release=plan.to_release, since=since.isoformat(), until=until.isoformat(), pinned=held,
    )  # fmt: skip
    word = "committed" if incident.outcome is Outcome.DEPLOYED else "good"
    return "; ".join([f"{plan.to_release} is {word}: it served well for {duration(seen_s)}", *held])


def _looked(case: Case, ended: datetime) -> list[datetime]:
    """When somebody looked: the incident itself at its end, then its watch."""
    kinds = (Happened.WATCH_STARTED, Happened.WATCH_SAMPLE)
    return [ended, *(row.at for row in case.ledger.entries(case.incident.id) if row.kind in kinds)]


def _committed(case: Case) -> bool:
    return any(entry.kind == Happened.COMMITTED for entry in case.ledger.entries(case.incident.id))
