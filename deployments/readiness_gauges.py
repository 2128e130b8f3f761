"""The readiness that the last looks found, in `/metrics`: read from the store now and then, since runs have processes of their own."""

import threading
from collections.abc import Sequence
from math import nan

from prefect.logging import get_logger
from prometheus_client import Gauge

from blocks.installation import Installation, installation
from blocks.store import readiness as kept
from deployments.measures import REGISTRY
from domain.errors import BackoutError
from domain.findings import Verdict
from domain.readiness_news import Record

EVERY_S = 5.0
READY = Gauge(
    "backout_ready",
    "1 where the application could be rolled back when it was last looked at.",
    ["application"],
    registry=REGISTRY,
)
CHECK = Gauge(
    "backout_ready_check",
    "1 ok, 0 bad, NaN where it could not be seen, at the last look.",
    ["application", "check"],
    registry=REGISTRY,
)
SEEN = Gauge(
    "backout_ready_seen_timestamp_seconds",
    "When the application was last looked at: an old look says nothing.",
    ["application"],
    registry=REGISTRY,
)
VALUES = {Verdict.OK: 1.0, Verdict.BAD: 0.0, Verdict.NO_DATA: nan}


def show_readiness(stop: threading.Event) -> None:
    """Let the gauges follow the store until told to stop; where it is away, they keep what they had."""
    with installation() as here:
        while not stop.is_set():
            try:
                show_once(here)
            except BackoutError as error:
                get_logger("backout.readiness").warning("the gauges are not renewed: %s", error.what())
            stop.wait(EVERY_S)


def show_once(here: Installation) -> None:
    """Set them to what the store has now. Raises StoreUnavailable."""
    show(kept.all_of(here.store.database))


def show(records: Sequence[Record]) -> None:
    """Set them; what is not among the records is shown no more."""
    _forget(records)
    for record in records:
        seen = record.last
        READY.labels(seen.application).set(float(seen.ready))
        SEEN.labels(seen.application).set(seen.at.timestamp())
        for check in seen.checks:
            CHECK.labels(seen.application, check.name).set(VALUES[check.verdict])


def _forget(records: Sequence[Record]) -> None:
    """Only what is gone: a scrape in between never finds the others missing."""
    seen = {(one.last.application,) for one in records}
    checks = {(one.last.application, check.name) for one in records for check in one.last.checks}
    for gauge, left in ((READY, seen), (SEEN, seen), (CHECK, checks)):
        shown = {tuple(sample.labels.values()) for metric in gauge.collect() for sample in metric.samples}
        for labels in shown - left:
            gauge.remove(*labels)
