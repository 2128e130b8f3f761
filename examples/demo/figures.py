"""What the demo measured: times from the incident's journal, requests from the load."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.table import Table

from domain.incident import Incident
from domain.journal import Entry
from domain.outcomes import Outcome
from domain.policy import Policy
from domain.report.facts import gather
from examples.demo.tally import Tally, Window


@dataclass(frozen=True)
class Figures:
    """Times are seconds, None where it did not come to that; they follow each other without a gap.

    Attributes:
        detect_s: from the first bad sample to the last one of the row that fired the trigger.
        decide_s: from there to the decision; the time people were asked is in it.
        switch_s: from the decision to the moved traffic.
        verify_s: from there to verified traffic.
        alert_to_switch_s: from the fired trigger to the moved traffic.
        requests: sent in the whole demo, over both switches.
        failed_requests: those of them that never got the application's answer: lost to a switch.
        release_errors: 5xx that the bad release answered itself.
        verified: whether the old release has the traffic and passed its checks.
        report: path of the incident's report.
        serving_before: the version users got before the rollback, `serving_after`: after it.
    """

    outcome: str | None
    detect_s: float | None
    decide_s: float | None
    switch_s: float | None
    verify_s: float | None
    alert_to_switch_s: float | None
    requests: int
    failed_requests: int
    release_errors: int
    verified: bool
    report: str | None
    serving_before: str | None
    serving_after: str | None

    @property
    def good(self) -> bool:
        """Whether the demo showed what it promises."""
        return self.verified and self.failed_requests == 0

    def write(self, file: Path) -> None:
        """Write the figures as JSON."""
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")


def measure(
    incident: Incident,
    entries: Iterable[Entry],
    policy: Policy,
    total: Window,
    served: tuple[str | None, str | None],
) -> Figures:
    """The figures of an incident that ended, beside what the load counted; `served` is the version before and after."""
    facts = gather(incident, entries, policy)
    seen = [finding.at for finding in incident.request.detection]
    fired = max(seen, default=facts.times.asked)
    when = facts.times
    before, after = served
    return Figures(
        outcome=facts.outcome,
        detect_s=_seconds(when.detected, fired),
        decide_s=_seconds(fired, when.decided),
        switch_s=_seconds(when.decided, when.switched),
        verify_s=_seconds(when.switched, when.verified),
        alert_to_switch_s=_seconds(fired, when.switched),
        requests=total.requests,
        failed_requests=total.lost.total(),
        release_errors=total.errors,
        verified=facts.outcome is Outcome.ROLLED_BACK and when.verified is not None,
        report=incident.report,
        serving_before=before,
        serving_after=after,
    )


def times_table(figures: Figures) -> Table:
    """The way back, phase by phase."""
    table = _table("The way back", "", "seconds", "")
    rows = [
        ("to detect", figures.detect_s, "first bad sample to the third in a row"),
        ("to decide", figures.decide_s, "event, automation, worker, survey, plan"),
        ("to switch", figures.switch_s, "evidence kept, target healthy, traffic moved"),
        ("to verify", figures.verify_s, "health, version, auth, WebSocket, smoke test"),
    ]
    for name, seconds, what in rows:
        table.add_row(name, _shown(seconds), what)
    table.add_row("[bold]alert to switch[/bold]", f"[bold]{_shown(figures.alert_to_switch_s)}[/bold]", "")
    return table


def requests_table(tally: Tally) -> Table:
    """What the users' keep-alive connections saw, window by window."""
    table = _table(
        "Requests on kept-alive connections", "", "sent", "lost to a switch", "the release's own 5xx"
    )
    for window in tally.windows:
        table.add_row(window.name, *_counts(window))
    table.add_row("[bold]all[/bold]", *(f"[bold]{count}[/bold]" for count in _counts(tally.total)))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column, justify="left" if not column else "right")
    return table


def _counts(window: Window) -> tuple[str, str, str]:
    return str(window.requests), str(window.lost.total()), str(window.errors)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()), 3)


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"
