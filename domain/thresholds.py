"""The alert rows of the five runbooks as triggers. Each says where it is written.

Letters as in `domain.presets`. Signals are found by their names: `health`, `error-rate` (%), `response-time` (s), `p95` (s, already
a percentile where it is measured), `query-time` (s, the mean), `memory`, `cpu`, `disk` (%), `database` (its connection).
Where a runbook names no time for a measured limit it is a minute, so that a single sample alarms nobody.
"""

from __future__ import annotations

from domain.triggers.rule import HEALTH, Level, Trigger
from domain.triggers.statistic import Statistic

MINUTE = 60
PERCENT, SECONDS = "%", "s"
NOTICEABLE_S = 0.25
"""A smaller loss of performance is noise, whatever its share."""


def _failures(signal: str, failures: int, issue: str, source: str) -> Trigger:
    return Trigger(name=signal, signal=signal, failures=failures, issue=issue, source=source)


def _above(  # noqa: PLR0913 -- the columns of a runbook's table
    signal: str,
    above: float,
    unit: str,
    source: str,
    *,
    minutes: int = 1,
    issue: str = "performance-degradation",
    of: Statistic = Statistic.EVERY,
    level: Level = Level.ROLL_BACK,
) -> Trigger:
    return Trigger(
        name=signal if level is Level.ROLL_BACK else f"{signal} {level}",
        signal=signal,
        above=above,
        unit=unit,
        source=source,
        for_s=minutes * MINUTE,
        issue=issue,
        of=of,
        level=level,
    )


def _slower(percent: float, source: str) -> Trigger:
    return Trigger(
        name="loss of performance",
        signal="response-time",
        rise=percent,
        by=NOTICEABLE_S,
        unit=SECONDS,
        of=Statistic.MEAN,
        for_s=MINUTE,
        issue="performance-degradation",
        source=source,
    )


def _told(signal: str, unit: str, source: str, *, warning: float = 0, critical: float = 0) -> list[Trigger]:
    """The rows of a signal that only tell people; a limit of 0 is none."""
    limits = {Level.WARNING: warning, Level.CRITICAL: critical}
    return [_above(signal, limit, unit, source, level=level) for level, limit in limits.items() if limit]


M_TRIGGERS = "M Rollback Triggers"
MVP_011 = [
    _failures(HEALTH, 3, "health-check-failure", M_TRIGGERS),
    _above("error-rate", 5, PERCENT, M_TRIGGERS, minutes=2, issue="error-rate"),
    _above("response-time", 3, SECONDS, M_TRIGGERS, minutes=5, of=Statistic.MEAN),
    _above("memory", 90, PERCENT, M_TRIGGERS, minutes=10),
    _above("cpu", 95, PERCENT, M_TRIGGERS, minutes=5),
]

N_TRIGGERS, N_ALERTS = "N Rollback Triggers", "N Key Metrics to Monitor"
NOTESHUB = [
    _failures(HEALTH, 3, "health-check-failure", N_TRIGGERS),
    _above("error-rate", 10, PERCENT, N_TRIGGERS, minutes=5, issue="error-rate"),
    _above("p95", 5, SECONDS, N_TRIGGERS, minutes=5),
    _failures("database", 1, "database-connection-failure", N_TRIGGERS),
    *_told("error-rate", PERCENT, N_ALERTS, warning=1, critical=5),
    *_told("p95", SECONDS, N_ALERTS, warning=1, critical=3),
    *_told("query-time", SECONDS, N_ALERTS, warning=0.1, critical=0.5),
    *_told("cpu", PERCENT, N_ALERTS, warning=80),
    *_told("disk", PERCENT, N_ALERTS, warning=85),
    *_told("memory", PERCENT, N_ALERTS, critical=90),
]

J_TRIGGERS = "J When to Rollback"
JARVIS = [
    _failures(HEALTH, 3, "service-outage", "J Automatic Rollback"),
    _above("error-rate", 5, PERCENT, J_TRIGGERS, issue="error-rate"),
    _slower(50, J_TRIGGERS),
]

ALDEIA = [
    _failures(HEALTH, 3, "service-outage", "A step 1 row 2"),
    _slower(50, "A step 1 row 4"),
]

FLAPPYJOURNAL = [_failures(HEALTH, 3, "health-check-failure", "F Scenario 1")]

DEFAULT = [_failures(HEALTH, 3, "health-check-failure", "M and N Rollback Triggers")]

THRESHOLDS: dict[str, list[Trigger]] = {
    "default": DEFAULT,
    "flappyjournal": FLAPPYJOURNAL,
    "aldeia": ALDEIA,
    "mvp-011": MVP_011,
    "noteshub": NOTESHUB,
    "jarvis": JARVIS,
    "none": [],
}
"""Name of a preset -> its triggers."""


def laid_over(preset: str, own: list[Trigger]) -> list[Trigger]:
    """The preset's triggers and an application's own: one of the same name takes the place of the preset's."""
    mine = {trigger.name: trigger for trigger in own}
    rows = [mine.pop(row.name, row) for row in THRESHOLDS[preset]]
    return [*rows, *mine.values()]


def not_watched(triggers: list[Trigger], signals: set[str], health: str = HEALTH) -> list[str]:
    """A line for each trigger that looks at a signal which is not there, and for each signal that none looks at.

    `signals`: the names of those beside the health signal, which is always there; `health`: that one's own name.
    """
    lines = [
        f"trigger {trigger.name} is not watched: no signal named {', '.join(sorted(missing))}"
        for trigger in triggers
        if (missing := trigger.signals - signals - {HEALTH, health})
    ]
    looked_at = set[str]().union(*(trigger.signals for trigger in triggers))
    idle = sorted(signals - looked_at)
    return [*lines, *(f"signal {name} is sampled, but no trigger looks at it" for name in idle)]
