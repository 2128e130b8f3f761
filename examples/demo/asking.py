"""The pause for consent: the plan is shown, a person answers, or the demo does where nobody is at the keyboard."""

from __future__ import annotations

import select
import sys
import time

from deployments.cli.plans import show_plan
from deployments.prefect_api import PrefectApi
from domain.incident import Incident
from domain.journal_kinds import Happened
from examples.demo.scenario import Scenario

ASKED_SECONDS = 60.0
MOMENT_SECONDS = 2.0
LATE_SECONDS = 60.0
"""Seconds that the deadline's own run may take."""


def ask(scenario: Scenario, incident: Incident) -> None:
    """Show the request of the suspended run and answer it with Backout's own commands.

    Raises:
        CommandFailed: the answer was not taken.
        TimeoutError: nobody was asked.
    """
    with scenario.screen.step("policy asks a person: the run is suspended"):
        scenario.interruption.wait_for(
            lambda: _suspended(scenario, incident), "the request for consent", ASKED_SECONDS
        )
    asked = scenario.store.incident(incident.id)
    if asked.plan is None:
        raise TimeoutError("the request for consent has no plan")
    show_plan(asked.plan, json=False)
    yes = _person(scenario, incident, asked.plan.deadline_s) if sys.stdin.isatty() else _nobody(scenario)
    if yes is None:
        return
    command = ("approve", "--reason", "demo") if yes else ("reject", "--reason", "said no in the demo")
    with scenario.screen.step(f"backout {command[0]} {incident.id}"):
        scenario.stage.backout(scenario.interruption, command[0], incident.id, *command[1:])


def _suspended(scenario: Scenario, incident: Incident) -> bool:
    """Whether people were asked, and the run has let go of its process: an answer before that wakes nobody."""
    asked = [entry for entry in scenario.store.entries(incident.id) if entry.kind == Happened.CONSENT_ASKED]
    return bool(asked) and PrefectApi.find(scenario.stage.home).state(asked[-1].data["run"]).type == "PAUSED"


def _person(scenario: Scenario, incident: Incident, deadline_s: float) -> bool | None:
    """What the person at the keyboard says; None where the deadline was first.

    An empty line is a yes; the end of the input is none.
    """
    scenario.screen.console.print("Roll back? [Y/n] ", end="", markup=False, highlight=False)

    def answered_or_over() -> bool:
        answered = bool(select.select([sys.stdin], [], [], 0)[0])
        return answered or scenario.store.incident(incident.id).outcome is not None

    scenario.interruption.wait_for(answered_or_over, "an answer", deadline_s + LATE_SECONDS)
    if not select.select([sys.stdin], [], [], 0)[0]:
        return None
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in ("", "y", "yes")


def _nobody(scenario: Scenario) -> bool:
    scenario.screen.say("[yellow]nobody is at the keyboard: the demo approves by itself in a moment[/yellow]")
    until = time.monotonic() + MOMENT_SECONDS
    scenario.interruption.wait_for(lambda: time.monotonic() > until, "a moment", MOMENT_SECONDS + 1)
    return True
