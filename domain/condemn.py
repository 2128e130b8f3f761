"""What stands against a release that has just got the traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.canary import NO_DATA_WITHIN
from domain.findings import Finding, Verdict
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan


def against(
    findings: Iterable[Finding], *, health: str, users: str, before: Iterable[Finding] = ()
) -> list[str]:
    """What condemns the target, as `name: what was said`.

    A check without data condemns nothing. What is shared (the database) says nothing of a slot. What was bad in the same
    way before the switch is no fault of the target. Health, as users have it, must be ok, whatever was before.

    Args:
        findings: what is seen now.
        health: the name of the health signal.
        users: the `on` of what is seen as users see it.
        before: what was seen before the switch.
    """
    known = {(finding.name, finding.symptom) for finding in before if finding.bad and finding.on == users}
    return [
        f"{finding.name}: {finding.said}"
        for finding in findings
        if finding.on == users
        and (
            not finding.ok
            if finding.name == health
            else finding.bad and (finding.name, finding.symptom) not in known
        )
    ]


def condemned(seen: Entry) -> bool:
    """Whether the last look at a deploy's release found it bad: a step's judgement, or the verification. No data is not bad."""
    if seen.kind == Happened.JUDGED:
        return seen.data["verdict"] == Verdict.BAD and not str(seen.data["said"]).startswith(NO_DATA_WITHIN)
    return seen.kind == Happened.VERIFIED and not seen.data["ok"]


def against_share(findings: Sequence[Finding], plan: Plan, *, health: str, users: str) -> list[str]:
    """What condemns a target that has a part of the traffic.

    Its own health must be ok, and no check may be bad at it alone. Of what users have, and of the health of the slot that
    keeps the rest, what was bad in the same way before is no fault of the target.
    """
    target, other = plan.to_slot or "", plan.from_slot or ""
    alike = [row.model_copy(update={"on": target}) for row in findings if row.on == other]
    healths = [row for row in findings if row.name == health]
    return [
        *against(findings, health=health, users=target, before=alike),
        *against(findings, health="", users=users, before=plan.seen),
        *against(healths, health="", users=other, before=plan.seen),
    ]
