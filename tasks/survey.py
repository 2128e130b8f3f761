"""Survey: what serves now, what can be gone back to, and the health of both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from blocks.document import Document
from domain.journal_kinds import Happened
from domain.release import Survey
from domain.request import Kind
from tasks.act import act
from tasks.case import Case
from tasks.look import AT_ONCE, at_slot, through_router


def look_around(document: Document, *, only_targets: bool = False) -> Survey:
    """See where the application stands. Changes nothing.

    Args:
        document: the application.
        only_targets: look at the standby slots alone, as an emergency does.

    Raises:
        Unreachable: platform or router cannot be asked.
    """
    platform = document.platform
    slots, serving = platform.slots(), platform.route().slot
    seen = [slot for slot in slots if slot.running and not (only_targets and slot.name == serving)]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="survey") as pool:
        users = pool.submit(
            lambda: [] if only_targets else through_router(document, [document.health], serving)
        )
        schema = pool.submit(
            lambda: document.database.schema_version() if document.database and not only_targets else None
        )
        findings = list(pool.map(lambda slot: at_slot(document, slot), seen))
        return Survey(
            application=document.name,
            slots=slots,
            serving=serving,
            findings={slot.name: found for slot, found in zip(seen, findings, strict=True)},
            through_router=users.result(),
            schema_version=schema.result(),
        )


@act("survey")
def survey(case: Case) -> Survey:
    """See where the application stands, and note what serves. An emergency looks at its targets only."""
    emergency = case.request.kind is Kind.EMERGENCY
    seen = look_around(case.document, only_targets=emergency)
    case.note(Happened.SURVEYED, survey=seen.model_dump(mode="json"))
    serving = seen.slot(seen.serving)
    if serving and serving.version:
        case.ledger.served(seen.application, serving.version, datetime.now(UTC))
    return seen
