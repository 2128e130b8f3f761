"""What a follow-up says: what was seen now, what is open, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from domain.checklist import items, left
from domain.explain import LOG
from domain.findings import Finding
from domain.follow_up import Step
from domain.incident import Incident
from domain.quarantine import REDEPLOYMENT, Lift, lifting
from domain.report.facts import Facts

FIRST = {
    Step.STABILITY: "follow-up: are users well, and what is open",
    Step.POST_MORTEM: "follow-up: the post-mortem is due",
    Step.REDEPLOYMENT: "follow-up: what has to be true before it is deployed again",
}


class Looked(BaseModel):
    """What a follow-up saw. `serving`: the slot with the traffic; None where that cannot be told."""

    model_config = ConfigDict(frozen=True)

    findings: list[Finding]
    serving: str | None = None
    release: str | None = None


class Around(BaseModel):
    """What else a follow-up knows.

    Attributes:
        newer: incidents of the same application that came later, newest first.
        review: when the runbook is due for review.
        held: whether the bad release is in quarantine for this incident.
        lifted: how it was taken out; None where it was not.
        files: title -> where it was written.
    """

    model_config = ConfigDict(frozen=True)

    newer: list[Incident]
    review: datetime
    held: bool = False
    lifted: Lift | None = None
    files: dict[str, str] = {}


def lines(step: Step, facts: Facts, looked: Looked, around: Around) -> list[str]:
    """Each one line of plain text; what stands between backticks is a command."""
    more = {
        Step.STABILITY: lambda: _log(looked),
        Step.POST_MORTEM: lambda: _post_mortem(facts, around),
        Step.REDEPLOYMENT: lambda: _redeployment(facts, around),
    }
    files = [f"{title}: {path}" for title, path in around.files.items()]
    return [FIRST[step], *_users(looked), *_newer(around), *more[step](), *_checklist(facts), *files]


def _users(looked: Looked) -> list[str]:
    """Health first; of the checks only what is not ok."""
    where = f"{looked.release or 'an unknown release'} serves from {looked.serving}" if looked.serving else ""
    seen = [row for row in looked.findings if row.name != LOG]
    wrong = [f"{row.name} on {row.on}: {row.verdict}: {row.said}" for row in seen if not row.ok]
    well = "users are well: " + ", ".join(row.name for row in seen) if seen else "nothing could be looked at"
    return [where or "which slot has the traffic cannot be told", *(wrong or [well])]


def _log(looked: Looked) -> list[str]:
    return [f"{row.name} of {row.on}: {row.said}" for row in looked.findings if row.name == LOG]


def _newer(around: Around) -> list[str]:
    return [
        f"a newer incident: {one.id} ({str(one.outcome or 'still open').replace('_', ' ')}); this one's follow-ups go on"
        for one in around.newer
    ]


def _post_mortem(facts: Facts, around: Around) -> list[str]:
    open_ = ", ".join(facts.open).replace("_", " ")
    told = (
        [f"nobody filled in yet: {open_}; `backout report {facts.incident} --set FIELD=TEXT`"]
        if open_
        else []
    )
    return [*told, f"the runbook is due for review on {around.review:%Y-%m-%d}"]


def _redeployment(facts: Facts, around: Around) -> list[str]:
    return [*_quarantine(facts, around), f"the runbook's review is due: {around.review:%Y-%m-%d}"]


def _quarantine(facts: Facts, around: Around) -> Sequence[str]:
    bad = facts.plan.from_release if facts.plan else None
    if around.lifted is not None:
        return [f"{bad} was taken out of quarantine by {around.lifted.by} on {around.lifted.at:%Y-%m-%d}"]
    if bad is None or not around.held:
        return [f"{bad or 'the release'} is not in quarantine for this incident"]
    asked = [f"before {bad} is deployed again: {row.text}" for row in REDEPLOYMENT]
    return [*asked, f"lift it then: `{lifting(facts.application, bad)}`"]


def _checklist(facts: Facts) -> list[str]:
    rows = left(items(facts))
    if not rows:
        return ["the checklist after the rollback is done"]
    said = [f"{row.state}: {row.text}: {row.evidence}" for row in rows]
    keys = "|".join(row.key for row in rows if row.tickable)
    how = f"what you know: `backout incidents tick {facts.incident} {keys}`"
    return [*said, how] if keys else said
