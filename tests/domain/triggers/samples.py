"""Findings for triggers, and what a trigger does with them."""

from collections.abc import Iterable

from domain.findings import Finding, Verdict
from domain.triggers import Baselines, Trigger, window_of

VERDICTS = {"o": Verdict.OK, "b": Verdict.BAD, "?": Verdict.NO_DATA}
EVERY_S = 5.0

Timed = tuple[float, float | None]
"""Seconds on the watch's clock, and what was measured; None: nothing was."""


def findings(signs: str) -> list[Finding]:
    """One a sign; each says its number."""
    return [
        Finding(name="health", on="router", verdict=VERDICTS[sign], said=f"{number}")
        for number, sign in enumerate(signs)
    ]


def measured(value: float | None, *, name: str = "errors", unit: str = "%", said: str = "") -> Finding:
    """One measured value; None: no data."""
    verdict = Verdict.NO_DATA if value is None else Verdict.OK
    return Finding(name=name, on="router", verdict=verdict, said=said, value=value, unit=unit)


def moments(trigger: Trigger, samples: Iterable[Timed]) -> list[float]:
    """When the trigger fires, each firing confirmed."""
    window = window_of(trigger, {"errors": EVERY_S})
    found = []
    for now, value in samples:
        if window.add(measured(value), now):
            found.append(now)
            window.fired(now)
    return found


def each(values: Iterable[float | None], every_s: float = EVERY_S, start: float = 0.0) -> list[Timed]:
    """Values at even times."""
    return [(start + number * every_s, value) for number, value in enumerate(values)]


def trigger(**rule: object) -> Trigger:
    """A trigger on `errors`."""
    return Trigger.model_validate({"signal": "errors", "issue": "error-rate", **rule})


def learnt(before: Iterable[tuple[str, float]]) -> Baselines:
    """Baselines as after these releases, for the mean of `latency` over 10 s."""
    made = Baselines()
    for release, value in before:
        made.note("mean of latency for 10 s", release, value)
    return made
