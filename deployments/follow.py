"""Following a run: its acts with their times, live, as the journal gets them. Whoever joins sees the same."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from blocks.store import Store
from deployments.prefect_api import PrefectApi, RunState
from domain.assess_deploy import SHIFT
from domain.gate import asked_at
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened

POLL_S = 0.1
STATE_EVERY = 5
"""Polls of the journal to one of Prefect: the journal moves first."""


@dataclass
class Step:
    """One act as people see it. `seconds` is None while it is under way; `said`: where a deploy's traffic is, or how a step was."""

    name: str
    seconds: float | None = None
    error: str = ""
    said: str = ""


@dataclass
class Followed:
    """How following ended: at the incident's outcome, the run's final state, or a request for consent.

    Attributes:
        joined: whether another run had the incident before this one asked.
        why: why it ended so, in one line; empty while it goes on.
    """

    incident: Incident | None = None
    state: RunState | None = None
    steps: list[Step] = field(default_factory=list)
    joined: bool = False
    why: str = ""

    @property
    def over(self) -> bool:
        """Whether there is nothing more to see."""
        ended = self.incident is not None and self.incident.outcome is not None
        return ended or (self.state is not None and (self.state.done or self.state.type == "PAUSED"))

    @property
    def waits_for_people(self) -> bool:
        """Whether the run is suspended for consent."""
        open_one = self.incident is not None and self.incident.outcome is None
        return open_one and self.state is not None and self.state.type == "PAUSED"


def steps_of(entries: Iterable[Entry]) -> list[Step]:
    """The acts in order; one that was tried again shows its last try."""
    steps: dict[str, Step] = {}
    asked: dict[str, datetime] = {}
    said: dict[str, str] = {}
    question = ""
    for entry in entries:
        name = entry.data.get("act", "")
        if entry.kind == Happened.ACT_STARTED:
            steps[name] = Step(name)
        elif entry.kind == Happened.ACT_DONE:
            steps[name] = Step(name, seconds=float(entry.data["seconds"]), said=said.get(name, ""))
        elif entry.kind == Happened.ACT_FAILED:
            steps[name] = Step(name, error=str(entry.data["error"]).splitlines()[0])
        elif entry.kind == Happened.CONSENT_ASKED:
            question = _question(entry)
            steps[question] = Step(question)
            asked.setdefault(question, entry.at)
        elif entry.kind == Happened.RESUMED and question in asked:
            steps[question] = Step(question, seconds=(entry.at - asked[question]).total_seconds())
        elif entry.kind == Happened.SHIFTED:
            said[SHIFT] = str(entry.data["said"])
        elif entry.kind == Happened.JUDGED:
            said["analyse"] = f"at {entry.data['share']} %: {entry.data['verdict']}"
        elif entry.kind == Happened.ENDING:
            _end_unfinished(steps.values(), str(entry.data["why"]))
    return list(steps.values())


def _end_unfinished(steps: Iterable[Step], why: str) -> None:
    """An act that came to the run's end did not fail, and was not done either."""
    for step in steps:
        if step.seconds is None and not step.error:
            step.error = why.splitlines()[0] if why else "ended here"


def _question(asked: Entry) -> str:
    """Each gate of a deploy is a question of its own; one that was asked again is the same."""
    gate = asked_at(asked)
    return f"consent to more than {gate.share} %" if gate else "consent"


def follow(api: PrefectApi, store: Store, run: str, console: Console) -> Followed:
    """Show the run's steps until its incident has an outcome, its run is final, or people are asked."""
    seen = Followed()
    started = time.monotonic()
    with Live(console=console, refresh_per_second=10) as live:
        for poll in _polls():
            _look(api, store, run, seen, ask_prefect=poll % STATE_EVERY == 0)
            live.update(_picture(seen, time.monotonic() - started))
            if seen.over:
                break
    if not console.is_terminal:
        console.print()  # a Live ends its last line on terminals only
    return seen


def _polls() -> Iterable[int]:
    poll = 0
    while True:
        yield poll
        poll += 1
        time.sleep(POLL_S)


def _look(api: PrefectApi, store: Store, run: str, seen: Followed, *, ask_prefect: bool) -> None:
    incident = store.incident_of(run)
    if incident is not None:
        seen.incident = store.incident(incident)
        entries = store.entries(incident)
        seen.steps = steps_of(entries)
        seen.joined = any(one.kind == Happened.JOINED and one.data.get("run") == run for one in entries)
        seen.why = next((str(one.data["why"]) for one in entries if one.kind == Happened.ENDING), "")
    if ask_prefect:
        seen.state = api.state(run)


def _picture(seen: Followed, seconds: float) -> Group:
    status = Text(f"{seen.incident.id if seen.incident else 'waiting for a worker'}  {seconds:.1f} s")
    return Group(step_list(seen.steps), status if seen.over else Spinner("dots", text=status))


def step_list(steps: Iterable[Step]) -> Table:
    """The acts with their times; what is wrong with one in red."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="red", overflow="fold")
    for step in steps:
        table.add_row(
            _mark(step),
            step.name,
            _time(step),
            Text(step.error or step.said, style="" if step.error else "default"),
        )
    return table


def _mark(step: Step) -> str:
    if step.error:
        return "[red]✗[/red]"
    return "[green]✓[/green]" if step.seconds is not None else "[yellow]…[/yellow]"


def _time(step: Step) -> str:
    return f"{step.seconds:.2f} s" if step.seconds is not None else ""
