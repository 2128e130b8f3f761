"""Looking at an application: at its slots past the router, and through the router as a user does."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from blocks.document import Document
from blocks.signals.contract import Place, Signal
from domain.findings import Finding, Verdict
from domain.release import Slot

ROUTER = "router"
AT_ONCE = 8


def place_of(document: Document, slot: Slot) -> Place:
    """Where a slot's signals look: at its own address, and in its logs."""
    return Place(
        name=slot.name,
        url=slot.address,
        logs=lambda lines: document.platform.logs(slot.name, lines),
        slot=slot.name,
    )


def users_place(document: Document, serving: str | None) -> Place:
    """Where users are: the router's address; the logs are the serving slot's."""
    platform = document.platform

    def logs(lines: int) -> Sequence[str]:
        return platform.logs(serving, lines) if serving else ()

    return Place(name=ROUTER, url=platform.address, logs=logs, slot=serving)


def at_slot(document: Document, slot: Slot) -> list[Finding]:
    """The health of a slot at its own address, and whether it runs the release it should."""
    health = document.health.observe(place_of(document, slot))
    wrong = answers_as([health], expected(document, slot.version))
    return [health, wrong] if wrong else [health]


def expected(document: Document, release: str | None) -> str | None:
    """The version that answers must name; None where a part alone is looked at: the others answer as they are."""
    platform = document.platform
    return platform.answers_as(release) if release and platform.whole else None


def through_router(document: Document, signals: Sequence[Signal], serving: str | None) -> list[Finding]:
    """What the signals say through the router, asked at the same time, in their order."""
    place = users_place(document, serving)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look") as pool:
        return list(pool.map(lambda signal: signal.observe(place), signals))


def answers_as(findings: Sequence[Finding], version: str | None) -> Finding | None:
    """The finding that the answer came from another release than expected; None where it did not, or cannot be told."""
    return next((wrong for wrong in (_wrong_version(found, version) for found in findings) if wrong), None)


def _wrong_version(finding: Finding, version: str | None) -> Finding | None:
    if finding.version is None or version is None or finding.version == version:
        return None
    said = f"answers as {finding.version}, not {version}"
    return Finding(
        name="version", on=finding.on, verdict=Verdict.BAD, said=said, symptom=said, version=finding.version
    )
