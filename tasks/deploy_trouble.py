"""Trouble after a deploy: whether the watch takes the release back by itself, and what it asks the rollback for."""

from typing import Any

from blocks.deploy_settings import OnTrouble
from domain.bad_looks import BAD_IN_A_ROW, Seen
from domain.basis import OfSoak
from domain.findings import Finding
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.request import LAST_GOOD
from tasks.case import Case
from tasks.soak import newer_release, overtaken, under_way

UNHEALTHY = ("health-check-failure", "service-outage")
OTHERWISE = ("post-deploy-issue", "failed-deployment")
"""Rows of the policies, the first that there is; its severity says who is asked."""

BY = "the watch"


def only_told(case: Case, seen: Seen, looks: int) -> str:
    """Why this trouble starts no rollback, in one line; empty where it does. `looks`: in a row that stand against the release.

    Never after a rollback: traffic is not flipped back and forth. Never where somebody else acts, or moved traffic.
    """
    outcome = case.ledger.incident(case.incident.id).outcome
    if outcome is not Outcome.DEPLOYED:
        return "nothing is switched: only a deploy is taken back by its watch"
    if case.document.deploy.on_trouble is OnTrouble.TELL:
        return "nothing is switched: `deploy.on_trouble` is `tell`"
    if under_way(case) or overtaken(case) or newer_release(case):
        return "nothing is switched: another run has the application, or moved traffic since"
    if gone := _gone(case):
        return gone
    return _too_little(seen, looks)


def _too_little(seen: Seen, looks: int) -> str:
    """A watch that slept may see an application that still starts: one look takes nothing back, however late it is."""
    if not seen.bad:
        return "nothing is switched: what was seen was so before the deploy, or may have been, is shared by both, or is no data"
    if seen.certain or looks >= BAD_IN_A_ROW:
        return ""
    return f"nothing is switched: it takes {BAD_IN_A_ROW} looks in a row, and there were {looks}"


def _gone(case: Case) -> str:
    """Where the release is no longer what serves, there is nothing of this deploy to take back."""
    platform, plan = case.document.platform, case.plan
    served = platform.route().served
    if served == plan.after and platform.slot(plan.to_slot or "").version == plan.to_release:
        return ""
    return f"nothing is switched: {plan.to_release} has not all the traffic any more"


def asked_for(case: Case, seen: Seen, looks: int) -> dict[str, Any]:
    """The fields of the rollback's form, but the application: where to, how bad by policy, why, and what was seen.

    `looks`: how many in a row saw something bad; none where this one is trouble by itself.
    """
    looks = max(looks, 1)
    found = _bad_lately(case, looks)
    basis = OfSoak(
        incident=case.incident.id, looks=looks, needed=BAD_IN_A_ROW, certain=seen.certain, said=seen.problem
    )
    detection = case.installation.store.detect(case.document.name, found, basis) if found else None
    times = f"{looks} looks in a row" if looks > 1 else "one look"
    return {
        "target": case.plan.from_release or LAST_GOOD,
        "issue": _issue(case, found),
        "reason": f"the watch after deploy {case.incident.id} saw in {times}: {seen.problem}",
        "asked_by": BY,
        "via": "automation",
        "detection": detection,
    }


def _issue(case: Case, found: list[Finding]) -> str:
    """What kind of trouble it is, as the policy's matrix has it."""
    health = any(finding.name == case.document.health.name for finding in found)
    names = UNHEALTHY if health else OTHERWISE
    return next((name for name in names if case.document.policy.issue(name)), names[0])


def _bad_lately(case: Case, looks: int) -> list[Finding]:
    """What was bad in the last looks, oldest first."""
    noted = [row for row in case.ledger.entries(case.incident.id) if row.kind == Happened.WATCH_SAMPLE]
    rows = [Finding.model_validate(row) for entry in noted[-looks:] for row in entry.data["findings"]]
    return [finding for finding in rows if finding.bad]
