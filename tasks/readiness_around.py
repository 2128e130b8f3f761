"""Readiness of what a rollback needs around it: router, platform, lock, credentials, channels, store, Prefect."""

import hashlib
import socket
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

from blocks.channels.contract import Channel
from blocks.store import readiness as kept
from blocks.store.database import place
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import StoreUnavailable
from tasks.examine import branches, channels_of
from tasks.readiness_known import Known
from tasks.readiness_target import cannot

CONNECT_S = 5.0
ANSWER_HOLDS_S = 3600.0
"""Seconds that a channel's good answer holds: every 15 minutes a login for each application would be noise at its provider."""

OF_SLOTS = ("process", "container", "program", "service", "Deployment", "release before")
"""What `doctor` finds of single slots: whether the one to go back to can be is said by its own check."""


def router(known: Known) -> list[Checkup]:
    """What decides who gets the traffic can be asked, and takes connections."""
    document = known.described
    own = next(one for one in branches(document) if one.name == "route" or one.name.startswith("router "))
    return [*own.examine(), _connects(document.platform.address)]


def platform(known: Known) -> list[Checkup]:
    """Where the slots live answers, and takes our credentials."""
    adapter = known.described.platform
    seen = [one for one in adapter.examine() if one.finding.name not in OF_SLOTS and one.finding.bad]
    return seen or [well("platform", adapter.kind, "answers")]


def lock(known: Known) -> list[Checkup]:
    """Whether a rollback could act at once: it joins a run that is alive, or goes before it (`domain.precedence`)."""
    holder = known.here.store.holder(known.application)
    if holder is None:
        return [well("lock", known.application, "nobody has it: a run can act at once")]
    if holder.alive:
        said = f"incident {holder.incident} has it: a rollback joins it or goes before it"
        return [well("lock", known.application, said)]
    again = Remedy(command='backout rollback APP --reason "the run before died"')
    said = f"incident {holder.incident} has it, and its run is gone"
    return [wrong("lock", known.application, said, again, symptom="held by a dead run")]


def credentials(known: Known) -> list[Checkup]:
    """The document that runs would use can be used, with every secret that it refers to."""
    if known.away is not None:
        return [cannot(known.away, "credentials", known.application)]
    return [well("credentials", known.application, "every secret of the document is there")]


def channels(known: Known) -> list[Checkup]:
    """Each takes messages; none is sent. A good answer holds for an hour, a bad one is asked for again at once."""
    seen = channels_of(known.described, partial(_answer, known))
    trouble = [one for one in seen if not one.finding.ok]
    # One that cannot tell is as good as the others until it fails.
    return [one for one in trouble if one.bad] or seen


def store(known: Known) -> list[Checkup]:
    """The record answers."""
    database = known.here.store.database
    with database.transaction() as connection:
        connection.execute("SELECT 1")
    return [well("store", place(database.url), "answers")]


def prefect(known: Known) -> list[Checkup]:
    """Prefect answers, and its block is what was applied: else no run begins."""
    return [well("Prefect", known.ask_prefect(), "answers")]


def _answer(known: Known, channel: Channel) -> list[Checkup]:
    database, who = known.here.store.database, (known.application, channel.name)
    settings = hashlib.sha256(channel.model_dump_json().encode()).hexdigest()
    try:
        with suppress(StoreUnavailable):  # then it is asked: the store has a check of its own
            if before := kept.answer_of(database, *who, settings, ANSWER_HOLDS_S):
                return before
        seen = channel.examine()
        with suppress(StoreUnavailable):
            if seen and all(one.finding.ok for one in seen):
                kept.answered(database, *who, settings, seen)
        return seen
    finally:
        known.here.store.rest()


def _connects(address: str) -> Checkup:
    found = urlsplit(address)
    port = found.port or (443 if found.scheme == "https" else 80)
    try:
        with socket.create_connection((found.hostname or "", port), timeout=CONNECT_S):
            return well("address", address, "takes connections")
    except OSError as error:
        return wrong(
            "address",
            address,
            f"takes no connection: {error.strerror or type(error).__name__}",
            Remedy(command="backout doctor APP"),
            symptom="refused",
        )
