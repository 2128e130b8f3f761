"""The report of a drill: what it measured beside what was promised and the drills before, and the checklist."""

from __future__ import annotations

import io
from collections.abc import Sequence

from domain.drill import PHASES, Drill, slowest
from domain.report.markdown import escape
from domain.report.palette import COLOURS, LATE, STYLE

TREND = "trend.svg"
_MARKS = {True: "[x]", False: "[ ]", None: "[-]"}


def markdown(drill: Drill, earlier: Sequence[Drill]) -> str:
    """The report. `earlier`: drills of the application, newest first."""
    passed = "passed" if drill.passed else "failed"
    lines = [
        f"# Drill {drill.id}: {passed}\n",
        _what(drill),
        *[f"- **{escape(problem)}**" for problem in drill.problems],
        "",
        *_times(drill),
        *_counts(drill),
        "\n## Checklist\n",
        *[f"- {_MARKS[item.done]} {item.name}: {escape(item.said)}" for item in drill.checklist],
        "\n`[-]`: not seen in this drill.\n" if any(item.done is None for item in drill.checklist) else "",
        *_before(earlier),
        f"\n![Trend]({TREND})\n",
    ]
    return "\n".join(lines)


def _what(drill: Drill) -> str:
    who = escape(drill.by or "the schedule")
    when = f"{drill.started_at:%Y-%m-%d %H:%M} UTC"
    why = f": {escape(drill.reason)}" if drill.reason else ""
    return f"{drill.application}, fault `{drill.fault}`, {when}, by {who}{why}\n"


def _times(drill: Drill) -> list[str]:
    figures = drill.figures
    rows = [f"| {name} | {_shown(figures.phase(name))} |" for name in PHASES]
    total = f"| **fault to verified traffic** | **{_shown(figures.total_s)}** (RTO {_shown(figures.rto_s)}) |"
    waited = f" People took {figures.waited_s:.1f} s of it to answer." if figures.waited_s else ""
    said = f"\nMost of the time went into {slowest(figures)}.{waited}" if figures.total_s else ""
    return ["| time to | |", "|---|---|", *rows, total, said]


def _counts(drill: Drill) -> list[str]:
    figures = drill.figures
    data = (
        "no backup was restored"
        if figures.rows_at_risk is None
        else f"{figures.rows_at_risk} rows newer than the backup"
    )
    found = f"{drill.incident or 'none'}, {drill.outcome or 'no outcome'}"
    counts = f"{figures.requests}, {figures.errors} answered with 5xx, {figures.lost} lost"
    return [f"\nIncident: {found}. Requests of the probe: {counts}. Data: {data}."]


def _before(earlier: Sequence[Drill]) -> list[str]:
    if not earlier:
        return ["\nThis is the first drill of this application."]
    rows = [
        f"| {one.started_at:%Y-%m-%d %H:%M} | {one.fault} | {'passed' if one.passed else 'failed'} "
        f"| {_shown(one.figures.total_s)} | {escape(one.by or 'the schedule')} |"
        for one in earlier
    ]
    head = ["\n## Drills before\n", "| when | fault | | fault to verified | by |", "|---|---|---|---|---|"]
    return [*head, *rows]


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"


def trend(drills: Sequence[Drill], kind: str = "svg") -> bytes:
    """The picture of drills, oldest first, as `svg` or `png`: a bar each, by phase; failed ones are named in red."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    out = io.BytesIO()
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 3), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        below = [0.0] * len(drills)
        for name in PHASES:
            heights = [one.figures.phase(name) or 0.0 for one in drills]
            axes.bar(range(len(drills)), heights, bottom=below, color=COLOURS[name], label=name, width=0.6)
            below = [start + height for start, height in zip(below, heights, strict=True)]
        labels = [f"{one.started_at:%m-%d %H:%M}\n{one.fault}" for one in drills]
        axes.set_xticks(range(len(drills)), labels, fontsize=7)
        for one, label in zip(drills, axes.get_xticklabels(), strict=True):
            label.set_color("black" if one.passed else LATE)
        axes.set_ylabel("seconds from the fault")
        axes.legend(fontsize=7, ncols=len(PHASES), frameon=False)
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, metadata=metadata)
    return out.getvalue()
