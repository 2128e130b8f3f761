"""Try checks: does the old release do what users are missing? MVP-011 scenario 2, "rollback to compatible API version"."""

from concurrent.futures import ThreadPoolExecutor

from blocks.document import Document
from domain.findings import Finding, Verdict
from domain.release import Slot, Survey
from tasks.act import act
from tasks.case import Case
from tasks.look import AT_ONCE, place_of


@act("try checks")
def try_checks(case: Case, seen: Survey) -> Survey:
    """The survey with the checks that fail for users, tried on each running slot at its own address.

    A target that fails one in the same way will not help. What cannot be looked at there says nothing about it; in place
    there is nothing to try, and `compare_again` looks after the switch.
    """
    troubled = {finding.name for finding in seen.through_router if finding.bad}
    slots = [slot for slot in seen.slots if slot.running]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="try checks") as pool:
        tried = list(pool.map(lambda slot: _tried(case.document, slot, troubled), slots))
    found = {
        slot.name: [*seen.findings.get(slot.name, []), *rows] for slot, rows in zip(slots, tried, strict=True)
    }
    return seen.model_copy(update={"findings": found})


def _tried(document: Document, slot: Slot, troubled: set[str]) -> list[Finding]:
    if slot.address is None:
        return []
    place = place_of(document, slot)
    rows = [check.observe(place) for check in document.checks if check.brief and check.name in troubled]
    return [row for row in rows if row.verdict is not Verdict.NO_DATA]
