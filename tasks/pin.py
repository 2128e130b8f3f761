"""Pin: the last releases that served are held, so that the clean-up of their host does not take the way back away."""

from datetime import UTC, datetime

from blocks.pins import Pins
from domain.errors import StoreUnavailable
from domain.errors.unforeseen import in_words
from domain.pins import pinned
from tasks.case import Case
from tasks.database import serving_release


def pin(case: Case) -> list[str]:
    """Hold the last `deploy.pinned`; what came of it, one line each. A precaution: what cannot be held stops nothing, and is said.

    Nothing on platforms where no clean-up comes between: their slots hold the releases themselves.
    """
    platform = case.document.platform
    if not isinstance(platform, Pins):
        return []
    try:
        return _pinned(case, platform)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the release is good all the same
        return [f"the last releases could not be held: {in_words(error)}"]


def _pinned(case: Case, platform: Pins) -> list[str]:
    document = case.document
    serving = serving_release(document) or case.plan.to_release
    held = {slot.version for slot in document.platform.slots() if slot.version}
    number, now = document.deploy.pinned, datetime.now(UTC)
    return platform.pin(
        document.name, pinned(case.ledger.releases(document.name), number, serving, held, now)
    )
