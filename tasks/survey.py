"""Survey: what serves now, what can be gone back to, and the health of both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from blocks.document import Document
from blocks.platforms.contract import Platform
from domain.journal_kinds import Happened
from domain.release import Slot, Survey
from domain.request import Kind
from tasks.act import act
from tasks.case import Case
from tasks.look import AT_ONCE, at_slot, through_router


def look_around(
    document: Document, sought: str | None = None, *, only_targets: bool = False, every_check: bool = False
) -> Survey:
    """See where the application stands. Changes nothing, unless a check of the application's does.

    Args:
        document: the application.
        sought: the release asked for; the platform looks for it where no slot holds it.
        only_targets: look at the standby slots alone, as an emergency does.
        every_check: also the brief ones of what a verification looks at, so that it can tell what was bad before.

    Raises:
        Unreachable: platform or router cannot be asked.
    """
    platform = document.platform
    slots, route = slots_with(platform, sought), platform.route()
    serving = route.slot
    seen = [slot for slot in slots if slot.running and not (only_targets and slot.name == serving)]
    signals = (
        []
        if only_targets
        else [document.health, *(check for check in document.checks if every_check and check.brief)]
    )
    database = None if only_targets else document.database
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="survey") as pool:
        users = pool.submit(lambda: through_router(document, signals, serving))
        shared = pool.submit(lambda: database.observe() if database and every_check else [])
        schema = pool.submit(lambda: database.schema_version() if database else None)
        findings = list(pool.map(lambda slot: at_slot(document, slot), seen))
        return Survey(
            application=document.name,
            slots=slots,
            serving=serving,
            shares=route.shares,
            findings={slot.name: found for slot, found in zip(seen, findings, strict=True)},
            through_router=users.result(),
            database=shared.result(),
            schema_version=schema.result(),
            whole=platform.deployed(),
            parts=platform.parts(),
            half=route.half,
        )


def slots_with(platform: Platform, sought: str | None) -> list[Slot]:
    """The platform's slots, and the one of a release that is asked for by a name they do not show. Raises Unreachable."""
    slots = platform.slots()
    if sought is None or any(sought in (slot.version, *slot.also) for slot in slots):
        return slots
    found = platform.find(sought)
    if found is None:
        return slots
    return [*slots, found.model_copy(update={"also": [*found.also, sought]})]


@act("survey")
def survey(case: Case) -> Survey:
    """See where the application stands, and note what serves. An emergency looks at no more than it must."""
    emergency = case.request.kind is Kind.EMERGENCY
    seen = look_around(
        case.document,
        case.request.to,
        only_targets=emergency and not _serving_matters(case),
        every_check=not emergency,
    )
    case.note(Happened.SURVEYED, survey=seen.model_dump(mode="json"))
    serving = seen.slot(seen.serving)
    if serving and serving.version and serving.running and case.document.platform.whole:
        case.ledger.served(seen.application, serving.version, datetime.now(UTC))
    return seen


def _serving_matters(case: Case) -> bool:
    """Whether the decision needs the serving slot's health: after a rollback, and where a trigger asked."""
    releases = case.ledger.releases(case.document.name)
    return case.request.automatic or bool(releases and releases[0].quarantined_by)
