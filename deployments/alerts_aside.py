"""Alerts that Prefect refuses for good: kept out of the way of those behind them, and said wherever somebody looks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.logging import get_logger

from blocks import spool
from blocks.installation import Installation
from blocks.spool import Spool
from blocks.store import alerts
from deployments import measures
from deployments.applications import Channels
from domain.alert import Received, one_line
from domain.message import Message
from domain.unstarted import unstarted

LONGEST_REASON = 300


@dataclass(frozen=True)
class Refused:
    """One alert, and why Prefect does not take its event. `starts`: it was to start a run."""

    received: Received
    why: str
    starts: bool

    @property
    def name(self) -> str:
        """What its file is called: an alert that is refused twice is kept once."""
        return str(self.received.alert.event_id)


def set_aside(here: Installation, waiting: Spool[Received], refused: Sequence[Refused]) -> None:
    """Keep the alerts; they started nothing, so that they hold no other back. Raises OSError, StoreUnavailable."""
    for one in refused:
        kept = waiting.keep_aside(one.name, [one.received], one_line(one.why, LONGEST_REASON))
        alert = one.received.alert
        get_logger("backout.alerts").error(
            "%s: alert %r of %s is set aside: %s. It is kept as %s: `backout alerts`",
            one.received.application or "no application", alert.name, alert.sender, one.why, kept,
        )  # fmt: skip
    with here.store.database.transaction() as connection:
        alerts.set_aside(connection, [one.received.alert.event_id for one in refused])
    for one in refused:
        if one.starts:
            _tell(here, one)
    show(waiting)


def _tell(here: Installation, one: Refused) -> None:
    """People act where no run does. Who is told is read without secrets: Prefect is not to be asked for them now."""
    message = unstarted(one.received, one.why)
    entries = Channels(here, message.application).entries
    here.store.post(message, [name for name, entry in entries.items() if _hears(entry, message)])


def _hears(entry: Mapping[str, Any], message: Message) -> bool:
    """A call for help is for every channel whose severities nobody chose; as `Channel.hears`."""
    chosen = entry.get("severities")
    return chosen is None or message.severity in chosen


def set_file_aside(waiting: Spool[Received], file: Path, error: ValueError) -> None:
    """Keep a file out of the way that a defect, or the disk, spoiled. Raises OSError."""
    aside = waiting.set_aside(file, one_line(error, LONGEST_REASON))
    get_logger("backout.alerts").error("%s cannot be read, and is kept as %s: `backout alerts`", file, aside)
    show(waiting)


def instead(here: Installation, refused: Collection[Refused]) -> list[Received]:
    """Alerts that waited for the incident of one that starts nothing: one of them may start a run itself."""
    named = {one.received.application for one in refused if one.received.application}
    with here.store.database.transaction() as connection:
        return alerts.without_run(connection, sorted(named))


def show(waiting: Spool[Received]) -> None:
    """Show in `/metrics` how many there are; the oldest of too many go, and are written into the log. Raises OSError."""
    found = waiting.aside()
    for one in found[: -spool.MOST_ASIDE]:
        held = one.file.read_text(encoding="utf-8", errors="replace")
        get_logger("backout.alerts").error(
            "more than %d files are set aside, so %s is thrown away: %s; it held %s",
            spool.MOST_ASIDE, one.file, one.why, held,
        )  # fmt: skip
        waiting.forget(one)
    measures.ASIDE.set(min(len(found), spool.MOST_ASIDE))
