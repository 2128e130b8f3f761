"""What stands against a release that has just got the traffic."""

from __future__ import annotations

from collections.abc import Iterable

from domain.findings import Finding


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
