"""The picture of an incident: how much of the RTO it took, and what the time went into."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from domain.report.facts import Facts
from domain.report.markdown import duration
from domain.report.palette import COLOURS, IN_TIME, LATE, NAMES, OTHER, STYLE, UNUSED, WAITED
from domain.report.phases import Phase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    43200,
    86400,
)
"""Seconds between two marks of the axis: what people count time in."""

NARROWEST = 0.004
"""The least share of the axis a bar takes, so that a switch of milliseconds is seen."""


def svg(facts: Facts) -> bytes:
    """The picture as SVG; the same facts give the same bytes."""
    return _drawn(facts, "svg", metadata={"Date": None, "Creator": None, "Title": headline(facts)})


def png(facts: Facts) -> bytes:
    """The picture as PNG, 160 dots an inch; the same facts give the same bytes."""
    return _drawn(facts, "png", dpi=160, metadata={"Software": None})


def headline(facts: Facts) -> str:
    """`shop/production  v2 → v1: rolled back`, in characters every font has."""
    plan = facts.plan
    versions = f"  {plan.from_release or 'unknown'} → {plan.to_release or 'no target'}" if plan else ""
    outcome = facts.outcome.replace("_", " ") if facts.outcome else "still going on"
    return _plain(f"{facts.application}{versions}: {outcome}")


def _plain(text: str) -> str:
    shown = "".join(sign if sign == "→" or (sign.isascii() and sign.isprintable()) else "?" for sign in text)
    return shown if len(shown) <= 110 else f"{shown[:107]}..."  # noqa: PLR2004 -- what the picture's width holds


def _drawn(facts: Facts, kind: str, **options: Any) -> bytes:
    from matplotlib import rc_context

    out = io.BytesIO()
    with rc_context(STYLE):
        _figure(facts).savefig(out, format=kind, **options)
    return out.getvalue()


def _figure(facts: Facts) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = max(1, len({phase.name for phase in facts.phases}))
    figure = Figure(figsize=(9, 1.9 + 0.34 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    top, below = figure.subplots(2, 1, height_ratios=[0.9, 0.6 + 0.7 * rows])
    figure.suptitle(headline(facts), fontsize=11, fontweight="bold")
    _promise(top, facts)
    _phases(below, facts)
    return figure


def _promise(axes: Axes, facts: Facts) -> None:
    """The RTO as a bar that fills up, waiting apart: blue in time, orange-red when it is over."""
    rto = next((row.seconds for row in facts.promises if row.name == "RTO"), None)
    took = facts.times.complete_s
    end = max([phase.end for phase in facts.phases], default=facts.times.opened)
    shown = took if took is not None else (end - facts.times.detected).total_seconds()
    longest = max(rto or 0, shown, 1e-3)
    axes.barh(0, rto or shown, color=UNUSED, height=0.8)
    axes.barh(0, shown, color=_colour(facts, shown, rto), height=0.8)
    _waited(axes, facts)
    if rto is not None:
        axes.axvline(rto, color="black", linewidth=1.5)
    axes.set_xticks([rto] if rto else [], [f"RTO {duration(rto)}"] if rto else [])
    axes.tick_params(axis="x", length=0, pad=2)
    axes.set_xlim(0, longest * 1.06)
    axes.set_yticks([])
    axes.set_title(_promised(facts, rto), fontsize=9, loc="left")
    axes.spines[:].set_visible(False)


def _colour(facts: Facts, shown: float, rto_s: int | None) -> str:
    if rto_s is not None and shown > rto_s:
        return LATE
    return IN_TIME if facts.times.verified or not facts.switched else LATE


def _waited(axes: Axes, facts: Facts) -> None:
    """The time spent waiting for people, over the bar."""
    for phase in facts.phases:
        if phase.name == "wait":
            start = (phase.start - facts.times.detected).total_seconds()
            axes.barh(
                0,
                phase.seconds,
                left=start,
                color=WAITED,
                edgecolor="#444444",
                hatch="///",
                height=0.8,
                linewidth=0,
            )


def _promised(facts: Facts, rto_s: int | None) -> str:
    took = facts.times.complete_s
    if took is None:
        return "the target was not verified" if facts.switched else "traffic was not moved"
    said = f"verified {duration(took)} after {_origin(facts)}"
    if facts.times.waited_s:
        said += f", of which {duration(facts.times.waited_s)} waiting for people"
    if rto_s is None:
        return said
    return f"{said}: RTO {'met' if took <= rto_s else 'MISSED'}"


def _origin(facts: Facts) -> str:
    return "the first bad sign" if facts.request.detection else "it was asked for"


def _phases(axes: Axes, facts: Facts) -> None:
    """One row a name, in the order they began; a phase that was repeated has several bars in its row."""
    origin = facts.times.detected
    width = max([(phase.end - origin).total_seconds() for phase in facts.phases], default=0.0) or 1.0
    names = list(dict.fromkeys(phase.name for phase in facts.phases))
    for row, name in enumerate(names):
        same = [phase for phase in facts.phases if phase.name == name]
        ends = [_bar(axes, row, phase, (phase.start - origin).total_seconds(), width) for phase in same]
        axes.text(max(ends) + width * 0.008, row, _length(same), va="center", fontsize=8.5)
    axes.set_yticks(range(len(names)), [_plain(NAMES.get(name, name))[:24] for name in names])
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.set_xlim(0, width * 1.16)
    ticks = _ticks(width)
    axes.set_xticks(ticks, [_tick(seconds) for seconds in ticks])
    axes.set_xlabel(f"after {_origin(facts)}")
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _length(same: list[Phase]) -> str:
    """How long it took in all, how often, and how its last one ended."""
    times = f" ({len(same)} times)" if len(same) > 1 else ""
    note = " failed" if same[-1].failed else "" if same[-1].ended else " not finished"
    return f"{duration(sum(phase.seconds for phase in same))}{times}{note}"


def _ticks(width: float) -> list[float]:
    """At most eight round numbers of seconds from 0 to `width`."""
    step = next((step for step in STEPS if width / step <= 7), width)  # noqa: PLR2004 -- seven steps
    return [step * number for number in range(int(width / step) + 1)]


def _tick(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 60 else duration(seconds)  # noqa: PLR2004 -- a minute


def _bar(axes: Axes, row: int, phase: Phase, start: float, width: float) -> float:
    """Draw it; where it ends on the axis."""
    length = max(phase.seconds, width * NARROWEST)
    colour = COLOURS.get(phase.name, OTHER)
    hatch = "///" if phase.name == "wait" else ""
    axes.barh(
        row, length, left=start, color=colour, edgecolor="#444444", linewidth=0.6, hatch=hatch, height=0.62
    )
    return start + length
