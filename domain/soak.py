"""What counts as trouble after a rollback: a restart, slower answers, more errors in the log, more memory, a busy core.

Sources: FlappyJournal "Extended Monitoring" (error rates, performance trends, resource usage), NotesHub "Monitor", Jarvis step 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Finding
from domain.release import Usage

TREND = 5
"""Samples at each end of the trend of response time."""

SLOWER = 1.5
"""Times the first samples' median: a loss of performance over 50 % (Aldeia step 1, Jarvis "When to Rollback")."""

NOTICEABLE_S = 0.25
"""Seconds; a smaller loss is noise, whatever its share."""

MORE_ERRORS = 20
"""Error lines more among the last ones than in the first sample."""

BUSY_SHARE = 0.95
BUSY_S = 300
"""Of a core, for so many seconds (MVP-011 "Rollback Triggers": CPU > 95 % for 5 minutes)."""

MORE_MEMORY = 2.0
"""Times the first sample's memory."""


class Sample(BaseModel):
    """One look at what serves.

    Attributes:
        findings: health first, then the checks that were run.
        restarts: of the slot, since it was deployed.
        usage: of all its processes; None where the platform cannot say.
        error_lines: how many of its last log lines are errors; None where it has no log.
    """

    model_config = ConfigDict(frozen=True)

    findings: list[Finding] = Field(default_factory=list)
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    restarts: int = 0
    usage: Usage | None = None
    error_lines: int | None = None


def trouble(earlier: Sequence[Sample], now: Sample) -> list[str]:
    """What got worse since the watch began, each one line; empty where nothing did. `earlier`: oldest first."""
    if not earlier:
        return []
    first = earlier[0]
    return [
        *restarted(earlier, now),
        *_slower(earlier, now),
        *_louder(first, now),
        *_larger(first, now),
        *_busy(earlier, now),
    ]


def restarted(earlier: Sequence[Sample], now: Sample) -> list[str]:
    """The same for restarts alone."""
    times = now.restarts - earlier[0].restarts if earlier else 0
    return [f"it was restarted {times} times"] if times > 0 else []


def against_release(earlier: Sequence[Sample], now: Sample) -> list[str]:
    """What of it stands against a release: it was restarted once more after that was seen, or its answers became slower.

    One restart may be the host's, or one pod's of fifty. Memory, a busy core and the log are not: what they were before the
    release came was not measured.
    """
    again = restarted(earlier, now) if keeps_restarting(earlier, now) else []
    return [*again, *_slower(earlier, now)]


def keeps_restarting(earlier: Sequence[Sample], now: Sample) -> bool:
    """Whether two looks or more saw new restarts."""
    looks = [sample.restarts for sample in (*earlier, now)]
    return sum(later > before for before, later in pairwise(looks)) > 1


def _seconds(sample: Sample) -> float | None:
    return sample.findings[0].value if sample.findings else None


def _slower(earlier: Sequence[Sample], now: Sample) -> list[str]:
    took = [seconds for seconds in map(_seconds, [*earlier, now]) if seconds is not None]
    if len(took) < 2 * TREND:
        return []
    before, recent = median(took[:TREND]), median(took[-TREND:])
    if recent < SLOWER * before or recent - before < NOTICEABLE_S:
        return []
    return [f"answers take {recent:.2f} s, at first {before:.2f} s"]


def _louder(first: Sample, now: Sample) -> list[str]:
    if (
        first.error_lines is None
        or now.error_lines is None
        or now.error_lines < first.error_lines + MORE_ERRORS
    ):
        return []
    return [f"{now.error_lines} of the last log lines are errors, at first {first.error_lines}"]


def _larger(first: Sample, now: Sample) -> list[str]:
    if not first.usage or not now.usage or now.usage.memory_mb < MORE_MEMORY * first.usage.memory_mb:
        return []
    return [f"it uses {now.usage.memory_mb:.0f} MB, at first {first.usage.memory_mb:.0f} MB"]


def _busy(earlier: Sequence[Sample], now: Sample) -> list[str]:
    """Whether it used a whole core since the newest sample that is old enough."""
    before = next((old for old in reversed(earlier) if (now.at - old.at).total_seconds() >= BUSY_S), None)
    share = _cores(before, now) if before else None
    return (
        [f"it uses {share:.0%} of a core since {before.at:%H:%M}"]
        if before and share and share > BUSY_SHARE
        else []
    )


def _cores(before: Sample, now: Sample) -> float | None:
    """How many cores were used all the time between two samples: at least, where only each moment's number is told."""
    if before.usage is None or now.usage is None:
        return None
    if before.usage.cpu_s is not None and now.usage.cpu_s is not None:
        return (now.usage.cpu_s - before.usage.cpu_s) / (now.at - before.at).total_seconds()
    told = [usage.cores for usage in (before.usage, now.usage) if usage.cores is not None]
    return min(told) if len(told) == 2 else None  # noqa: PLR2004 - both of them
