"""Verify: what a user gets now, by the runbook's checklist."""

import time
from collections.abc import Iterable

from blocks.document import Document
from domain.condemn import against, against_share
from domain.errors import VerificationFailed
from domain.findings import Finding, Verdict
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.release import Slot
from tasks.act import act
from tasks.case import Case
from tasks.database_progress import MORE_LOOKS, changed
from tasks.look import ROUTER, answers_as, at_slot, expected, place_of, through_router

TRIES = 3
PAUSE_S = 1.0


@act("verify")
def verify(case: Case, plan: Plan) -> None:
    """Health, version and every check through the router; what is not ok is looked at again, three times in all.

    After the database was changed it is looked at more often.

    A check without data, the database, and what was bad in the same way before the switch condemn nothing: they show in
    the report. Health must be ok.

    Raises:
        VerificationFailed: a check is bad, or health is not ok.
    """
    tries = TRIES + (MORE_LOOKS if changed(case) else 0)
    if plan.to_shares:
        findings, trouble = look_at_shares(case.document, plan, tries)
    else:
        findings = look_until_ok(case.document, plan.to_slot, plan.to_release, plan.seen, tries)
        trouble = _against(case.document, findings, plan.seen)
    body = [finding.model_dump(mode="json") for finding in findings]
    parts = [part.model_dump(mode="json") for part in case.whole.platform.parts()]
    health = case.document.health.name
    case.note(Happened.VERIFIED, slot=plan.to_slot, findings=body, ok=not trouble, parts=parts, health=health)
    if trouble:
        raise VerificationFailed(slot=plan.to_slot or ROUTER, bad=trouble)


def look_until_ok(
    document: Document,
    slot: str | None,
    version: str | None,
    before: Iterable[Finding] = (),
    tries: int = TRIES,
) -> list[Finding]:
    """All checks through the router, up to `tries` times while they stand against the slot. `before`: what was seen."""
    findings = _all_checks(document, slot, version)
    for _ in range(tries - 1):
        if not _against(document, findings, before):
            break
        time.sleep(PAUSE_S)
        findings = _all_checks(document, slot, version)
    return findings


def look_at_shares(document: Document, plan: Plan, tries: int) -> tuple[list[Finding], list[str]]:
    """What users get where traffic is shared out, whichever release answers, and each slot at its own address; what is wrong.

    One look through the router meets one of the two slots: so the checks are also made past it, at both.
    """
    health = document.health.name
    for number in range(tries):
        slots = [document.platform.slot(name) for name in plan.to_shares]
        past_it = [
            finding for slot in slots for finding in [*at_slot(document, slot), *_checks_at(document, slot)]
        ]
        findings = [*_all_checks(document, plan.to_slot, None), *past_it]
        trouble = against_share(findings, plan, health=health, users=ROUTER)
        if not trouble or number == tries - 1:
            break
        time.sleep(PAUSE_S)
    return findings, trouble


def _checks_at(document: Document, slot: Slot) -> list[Finding]:
    place = place_of(document, slot)
    return [check.observe(place) for check in document.checks if check.brief]


def unproven(document: Document, findings: list[Finding]) -> list[str]:
    """All that is not well, as `name: what was said`."""
    health = document.health.name
    return [
        f"{finding.name}: {finding.said}"
        for finding in findings
        if finding.verdict is Verdict.BAD or (finding.name == health and not finding.ok)
    ]


def _against(document: Document, findings: Iterable[Finding], before: Iterable[Finding]) -> list[str]:
    return against(findings, health=document.health.name, users=ROUTER, before=before)


def _all_checks(document: Document, slot: str | None, version: str | None) -> list[Finding]:
    findings = through_router(document, [document.health, *document.checks], slot)
    wrong = answers_as(findings, expected(document, version))
    database = document.database.observe() if document.database else []
    return [*findings, *([wrong] if wrong else []), *database]
