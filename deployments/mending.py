"""`backout doctor --fix`: do the remedies that are agreed to, one by one, where no run acts on the application."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.files import PRIVATE, locked
from blocks.home import Home
from blocks.host_lock import host_lock
from deployments.examination import Examined, examined
from deployments.people import at_host
from deployments.subject import Subject
from domain.checkup import Checkup, Remedy
from domain.errors import BackoutError, Conflict, StoreUnavailable
from domain.names import block_name
from domain.precedence import Phase

TURN_S = 30.0
"""Seconds that an act of a run on this host may still take."""

LOG = "doctor.log"
"""In `Home.logs`: what was done, one JSON object a line."""

Agree = Callable[[Checkup, Remedy], bool]


@dataclass(frozen=True)
class Offer:
    """One thing that is wrong, and the remedies of it that can be done from here, the mildest first."""

    examined: Examined
    checkup: Checkup
    remedies: list[Remedy]


@dataclass(frozen=True)
class Mended:
    """A remedy that was tried. `said`: what was done, or why not."""

    branch: str
    remedy: str
    done: bool
    said: str


def offers(found: Sequence[Examined]) -> list[Offer]:
    """What can be mended from here, each remedy once; what carries others comes first."""
    known: set[tuple[str, str]] = set()
    made = []
    for one in sorted(found, key=lambda one: not one.branch.carries):
        for checkup in one.bad:
            fresh = [
                remedy
                for remedy in checkup.remedies
                if remedy.name and (one.branch.name, remedy.name) not in known
            ]
            known |= {(one.branch.name, remedy.name) for remedy in fresh}
            if fresh:
                made.append(Offer(one, checkup, fresh))
    return made


def mend(subject: Subject, offered: Sequence[Offer], agree: Agree) -> Iterator[Mended]:
    """Ask for each remedy, and do it. Where one helped, the harsher ones for the same are not asked for.

    What a remedy before it has made well is left alone.

    Raises:
        Conflict: an incident acts on the application, or `--break-glass` does; nothing more is done.
        Busy: another process of this host acts on it, and does not end.
    """
    acted = False
    for offer in offered:
        if acted and not _still(subject, offer):
            continue
        for remedy in offer.remedies:
            if not agree(offer.checkup, remedy):
                continue
            tried = _once(subject, offer, remedy)
            note(subject.home, subject.application, tried)
            yield tried
            if tried.done:
                acted = True
                break


def refuse_beside_a_run(subject: Subject) -> None:
    """Raise Conflict where an incident acts: it decides what is started and stopped. A store that is away is not asked."""
    app = subject.application
    glass = subject.home.state / f"{block_name(app)}.break-glass"
    try:
        with ExitStack() as held:
            held.enter_context(locked(glass, timeout_s=0))
    except TimeoutError:
        raise Conflict(on=app, expected="free", found="worked on by a --break-glass run") from None
    if subject.here is None:
        return
    with suppress(StoreUnavailable):
        holder = subject.here.store.holder(app)
        if holder and holder.alive and holder.phase is Phase.ACTING:
            raise Conflict(on=app, expected="free", found=f"acted on by incident {holder.incident}")


def note(home: Home, application: str, tried: Mended) -> None:
    """Write down what was done. An incident's journal holds its own acts only; these belong to none."""
    row = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": at_host(),
        "application": application,
        "branch": tried.branch,
        "remedy": tried.remedy,
        "done": tried.done,
        "said": tried.said,
    }
    # A full disk may be what is being mended.
    with suppress(OSError):
        descriptor = os.open(home.logs / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
        with os.fdopen(descriptor, "a", encoding="utf-8") as log:
            log.write(json.dumps(row, ensure_ascii=False) + "\n")


def _still(subject: Subject, offer: Offer) -> bool:
    """Whether it is wrong after what was done meanwhile."""
    again = examined(subject.application, [offer.examined.branch])
    return any(checkup.place == offer.checkup.place for one in again for checkup in one.bad)


def _once(subject: Subject, offer: Offer, remedy: Remedy) -> Mended:
    branch = offer.examined.branch
    with _turn(subject):
        refuse_beside_a_run(subject)
        try:
            said, done = branch.mend(remedy.name), True
        except BackoutError as error:
            said, done = error.what(), False
    return Mended(branch.name, remedy.name, done, said)


@contextmanager
def _turn(subject: Subject) -> Iterator[None]:
    """No act of a run of this host is done meanwhile; where nothing can be written no run acts either."""
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(host_lock(subject.home, subject.application, TURN_S))
        yield
