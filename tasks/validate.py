"""Validate: what must be ok before a deploy changes anything. Aldeia's pre-deployment checks, FlappyJournal scenario 2."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from blocks.document import Document
from blocks.signals.contract import Signal
from blocks.signals.smoke_result import SmokeResult
from domain.assess_deploy import SMOKE, VALIDATE
from domain.errors import ConfigurationError, EvidenceNotKept
from domain.errors.configuration import REQUEST
from domain.findings import Finding
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.release import placed
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended
from tasks.look import AT_ONCE, answers_as, expected, place_of, users_place
from tasks.preserve import LINES
from tasks.progress import moved


def served_release(document: Document) -> str:
    """The release that serves. Raises ConfigurationError where that is not known, Unreachable."""
    platform = document.platform
    slot = platform.route().slot
    version = platform.slot(slot).version if slot else None
    if version is None:
        problem = f"no one slot of {document.name} with a known release has the traffic"
        raise ConfigurationError(file=REQUEST, key="staging", problem=problem)
    return version


@act(VALIDATE)
def validate(case: Case, plan: Plan, staging: Document | None) -> None:
    """All of `deploy.before`, at the same time, as users have it; what is no data is not ok. Nothing where it was done.

    `staging`: where it is looked at, with staging's own health, for `promote`; None looks at what serves. What failed, and the
    log of its slot, go into the evidence.

    Raises:
        Ended: held, where one is not ok. Nothing was changed.
    """
    if passed(case.ledger.entries(case.incident.id)):
        return
    where, signals = staging or case.document, case.document.deploy.before
    found = _looked(
        where, [*([staging.health] if staging else []), *signals], plan.to_release if staging else None
    )
    wrong = [finding for finding in found if not finding.ok]
    case.note(Happened.VALIDATED, findings=_kept(found), ok=not wrong, why=_said(wrong))
    if wrong:
        _collect(case, where, signals)
        raise Ended(Outcome.HELD, f"what must pass before a deploy does not, on {where.name}: {_said(wrong)}")


def passed(entries: Sequence[Entry]) -> bool:
    """Whether an earlier try of the run has this behind it."""
    return moved(entries) or any(entry.kind == Happened.VALIDATED and entry.data["ok"] for entry in entries)


def _looked(where: Document, signals: Sequence[Signal], release: str | None) -> list[Finding]:
    """`release`: the one that must be the one that answers; None where any may."""
    place = users_place(where, where.platform.route().slot)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="before") as pool:
        found = list(pool.map(lambda signal: signal.observe(place), signals))
    wrong = answers_as(found, expected(where, release))
    return [*found, *([wrong] if wrong else [])]


def _collect(case: Case, where: Document, signals: Sequence[Signal]) -> None:
    """The results, and the log of the slot they are about. A full disk changes nothing about the end."""
    files = []
    with suppress(EvidenceNotKept, OSError):
        for signal in signals:
            if isinstance(signal, SmokeResult) and signal.file.is_file():
                text = signal.file.read_text(errors="replace")
                files.append(case.evidence.keep(f"validation/{signal.file.name}", text))
        slot = where.platform.route().slot
        log = "\n".join(where.platform.logs(slot, LINES)) if slot else ""
        files.append(case.evidence.keep(f"validation/{slot}.log", log))
    case.note(Happened.PRESERVED, files=files)


@act(SMOKE)
def smoke(case: Case, plan: Plan) -> None:
    """All checks at the new slot's own address, before any user is there; a check without data condemns nothing.

    Raises:
        Ended: held, where one is bad. Traffic was not touched.
    """
    platform = case.document.platform
    if plan.to_slot is None or not platform.standby or platform.route().slot == plan.to_slot:
        return
    place = place_of(case.document, platform.slot(plan.to_slot))
    found = [signal.observe(place) for signal in case.document.checks]
    bad = [finding for finding in found if finding.bad]
    if bad:
        said = _said(bad)
        case.note(
            Happened.PREPARED, slot=plan.to_slot, findings=_kept(found), healthy=False, said="", why=said
        )
        where = placed(plan.to_release, plan.to_slot)
        raise Ended(Outcome.HELD, f"{where} does not pass its checks: {said}")


def _said(findings: list[Finding]) -> str:
    return "; ".join(f"{finding.name}: {finding.said}" for finding in findings)


def _kept(findings: list[Finding]) -> list[dict[str, object]]:
    return [finding.model_dump(mode="json") for finding in findings]
