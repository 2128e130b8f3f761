"""What `/metrics` shows of this `backout serve`, in Prometheus' words."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REGISTRY = CollectorRegistry()
ALERTS = Counter(
    "backout_alerts",
    "Alerts, by who sent them and what became of them.",
    ["sender", "result"],
    registry=REGISTRY,
)
SPOOL = Gauge("backout_alerts_waiting", "Files of alerts that Prefect does not have yet.", registry=REGISTRY)
ASIDE = Gauge(
    "backout_alerts_aside",
    "Files of alerts set aside: Prefect refuses their events, or they cannot be read. See `backout alerts`.",
    registry=REGISTRY,
)
RUNS = Gauge("backout_runs", "Runs that this worker executes now.", registry=REGISTRY)
SPARE = Gauge(
    "backout_spare_worker", "1 where a run would start at once, in a warm process.", registry=REGISTRY
)
WATCHED = Gauge("backout_applications_watched", "Applications under watch.", registry=REGISTRY)
FIRED = Counter("backout_triggers_fired", "Triggers that fired.", registry=REGISTRY)


def shown() -> bytes:
    """All of them as text."""
    return generate_latest(REGISTRY)


def show_worker(acting: Callable[[], int], ready: Callable[[], bool]) -> None:
    """Let the gauges show the worker, whenever somebody asks."""
    RUNS.set_function(acting)
    SPARE.set_function(lambda: float(ready()))
