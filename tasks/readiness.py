"""Readiness: look at all that a rollback would need now. Changes nothing, and takes no longer than its limit."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from blocks.deadline import begun, within
from blocks.document import Document
from blocks.installation import Installation
from blocks.readiness_settings import ReadinessSettings
from domain.checkup import Checkup, unseen, wrong
from domain.errors import BackoutError, StoreUnavailable, Unforeseen, Unreachable
from domain.eta import Eta
from domain.readiness import Check, Readiness
from domain.release import placed
from domain.severity import Severity
from tasks import readiness_around as around
from tasks import readiness_backup as backup
from tasks import readiness_target as targets
from tasks.readiness_known import Known, NotSeen

See = Callable[[Known], list[Checkup]]
"""What one check saw; nothing where it does not apply to the application."""

CHECKS: Mapping[str, See] = {
    "target": targets.target,
    "slot": targets.slot,
    "artifact": targets.artifact,
    "pinned": targets.pins,
    "configuration": targets.configuration,
    "rehearsal": targets.rehearsal,
    "backup": backup.fresh,
    "restorable": backup.restorable,
    "router": around.router,
    "platform": around.platform,
    "lock": around.lock,
    "credentials": around.credentials,
    "channels": around.channels,
    "store": around.store,
    "Prefect": around.prefect,
    "eta": targets.eta,
}
"""In the order that a person reads them. One more is one function more."""

UNKNOWN_S = ReadinessSettings().limit_s


@dataclass(frozen=True)
class Looked:
    """One look. `document`: what runs would use; None where they could use none."""

    readiness: Readiness
    document: Document | None


def look(
    here: Installation,
    application: str,
    describe: Callable[[], Document],
    ask_prefect: Callable[[], str],
    checks: Mapping[str, See] = CHECKS,
) -> Looked:
    """One look at an application; all checks at once.

    Args:
        here: the installation.
        application: its name.
        describe: gives the document that runs would use; raises BackoutError where they could not.
        ask_prefect: gives the place where Prefect answered; raises BackoutError.
        checks: what is looked at.
    """
    known = _known(here, application, describe, ask_prefect)
    limit_s = known.document.readiness.limit_s if known.document else UNKNOWN_S
    deadline = time.monotonic() + limit_s
    known.survey()
    begins = {name: begun(partial(_rested, known, see), f"check {name}") for name, see in checks.items()}
    seen = {name: _seen(name, begin, known, deadline, limit_s) for name, begin in begins.items()}
    found = [Check(name=name, checkups=checkups) for name, checkups in seen.items() if checkups]
    return Looked(_whole(known, found), known.document)


def not_looked(application: str, error: Exception) -> Looked:
    """What is said of an application whose look broke in a way that nobody foresaw: it is not ready."""
    symptom = type(error).__name__
    seen = wrong("look", application, Unforeseen.of(error).what(), targets.DOCTOR, symptom=symptom)
    return Looked(Readiness(application=application, checks=[Check(name="look", checkups=[seen])]), None)


def _known(
    here: Installation, application: str, describe: Callable[[], Document], ask_prefect: Callable[[], str]
) -> Known:
    try:
        document = within(UNKNOWN_S, describe, f"describe {application}")
        return Known(here, application, ask_prefect, document)
    except BackoutError as error:
        return Known(here, application, ask_prefect, away=error)
    except TimeoutError:
        why = f"nothing within {UNKNOWN_S:g} s"
        return Known(here, application, ask_prefect, away=Unreachable("the document", application, why))


def _rested(known: Known, see: See) -> list[Checkup]:
    """Each thread has a connection of its own to the store, and ends it."""
    try:
        return see(known)
    finally:
        known.here.store.rest()


def _seen(
    name: str, begin: Future[list[Checkup]], known: Known, deadline: float, limit_s: float
) -> list[Checkup]:
    """What the check saw; why it could not, where it could not."""
    on = known.application
    try:
        return begin.result(max(deadline - time.monotonic(), 0))
    except TimeoutError:
        return [wrong(name, on, f"hangs: no answer within {limit_s:g} s", targets.DOCTOR, symptom="hangs")]
    except NotSeen as why:
        return [unseen(name, on, str(why))]
    except BackoutError as error:
        return [targets.cannot(error, name, on)]
    except Exception as error:  # noqa: BLE001 - one check that breaks hides no other
        return [wrong(name, on, Unforeseen.of(error).what(), symptom=type(error).__name__)]


def _whole(known: Known, checks: list[Check]) -> Readiness:
    found = Readiness(application=known.application, checks=checks)
    if known.document is None or not known.surveyed:
        return found
    target, eta = known.target, _eta(known)
    return found.model_copy(
        update={
            "target": placed(target.version, target.name) if target else "",
            **({"eta_s": eta.seconds, "runs": eta.runs, "eta_of": eta.of} if eta else {}),
            "rto_s": float(known.document.policy.rto_s(Severity.CRITICAL)),
        }
    )


def _eta(known: Known) -> Eta | None:
    """Where the record cannot be read, the check of the store says so."""
    with suppress(StoreUnavailable):
        return known.eta
    return None
