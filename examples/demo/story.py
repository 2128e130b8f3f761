"""The main job as a story: a good release serves, a bad one comes, and Backout takes it back by itself."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from deployments.cli.output import console
from deployments.serving import Serving
from domain.errors import BackoutError, ConfigurationError
from examples.demo.asking import ask as ask_people
from examples.demo.document import APPLICATION
from examples.demo.figures import Figures, requests_table, times_table
from examples.demo.interruption import Interrupted, Interruption
from examples.demo.scenario import Scenario
from examples.demo.screen import Screen
from examples.demo.stage import Stage

LOG_LINES = 25


def tell(*, keep: bool, ask: bool, json_file: Path | None) -> int:
    """Play the demo; the exit code.

    Args:
        keep: leave everything up at the end, and say how to look at it and how to end it.
        ask: lay a policy over in which one person is asked.
        json_file: where the figures go.

    Returns:
        0 where the bad release was taken back, verified, and no request lost; 1 where not; 128 and the signal's number
        where somebody ended it.

    Raises:
        ConfigurationError: `json_file` cannot be written; nothing was started.
    """
    _check(json_file)
    screen = Screen(console)
    with Interruption() as interruption:
        stage = Stage.new()
        try:
            figures, serving = _play(stage, screen, interruption, ask=ask)
            interruption.check()
        except Exception as error:  # noqa: BLE001 - whatever happens, nothing stays up
            return _end_badly(stage, screen, interruption.interrupted or error)
        if json_file is not None:
            figures.write(json_file)
        _leave_up(stage, screen, serving) if keep else _tidy(stage, screen)
    return _conclude(screen, figures)


def end(folder: Path) -> int:
    """End a demo that was left up, and remove its folder but for the reports; the exit code.

    Raises:
        ConfigurationError: there is no demo in this folder.
    """
    try:
        stage = Stage.attach(folder)
    except FileNotFoundError:
        raise ConfigurationError(
            file="command line", key="--down", problem=f"no demo is up in {folder}"
        ) from None
    with Interruption():
        _tidy(stage, Screen(console))
    return 0


def _check(json_file: Path | None) -> None:
    """Refuse now what could not be written in a minute."""
    if json_file is None:
        return
    place = json_file if json_file.exists() else json_file.parent
    if json_file.is_dir() or not os.access(place, os.W_OK):
        raise ConfigurationError(file="command line", key="--json", problem=f"{json_file} cannot be written")


def _play(stage: Stage, screen: Screen, interruption: Interruption, *, ask: bool) -> tuple[Figures, Serving]:
    screen.say(f"[bold]Backout's demo[/bold], in {stage.folder}\n")
    stage.enter()
    with Scenario(stage, screen, interruption, ask=ask) as scenario:
        scenario.stand_up()
        serving = scenario.introduce()
        scenario.release_bad()
        incident = scenario.find()
        if ask:
            ask_people(scenario, incident)
        ended = scenario.take_back(incident)
        scenario.soak(ended)
        tally = scenario.end_load()
        figures = scenario.figures(ended)
    for table in (times_table(figures), requests_table(tally)):
        console.print("", table)
    screen.say(f"\nreport: {figures.report}")
    return figures, serving


def _tidy(stage: Stage, screen: Screen) -> None:
    with screen.step("All is stopped and removed, but for the report"):
        stage.down()
        stage.clear(stage.reports)


def _leave_up(stage: Stage, screen: Screen, serving: Serving) -> None:
    """Say where everything is."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "backout" else "backout"
    screen.say("\n[bold]All is left up.[/bold]")
    screen.say(f"  Prefect's UI   {serving.ui_url}")
    screen.say(f"  its log-in     the line in {serving.auth_file}")
    screen.say(f"  application    {stage.stack.address}")
    screen.say(f"  for commands   . {shlex.quote(str(stage.write_shell_file()))} && {program} status")
    screen.say(f"  break it       {program} drill {APPLICATION}")
    screen.say(f"  end it         {program} demo --down {shlex.quote(str(stage.folder))}")


def _conclude(screen: Screen, figures: Figures) -> int:
    if figures.good:
        screen.say(
            f"\n[green]{figures.serving_before} was taken back to {figures.serving_after}: verified, "
            f"0 of {figures.requests} requests lost[/green]"
        )
        return 0
    screen.say(
        f"\n[red]not taken back as promised: outcome {figures.outcome}, verified {figures.verified}, "
        f"{figures.failed_requests} of {figures.requests} requests lost[/red]"
    )
    return 1


def _end_badly(stage: Stage, screen: Screen, error: Exception) -> int:
    """Stop everything, say why; where it was a failure, with the log that helps."""
    if isinstance(error, Interrupted):
        screen.say(f"\n{error}: stopping what the demo started")
        stage.down()
        stage.clear()
        return error.exit_code
    screen.say("\n[red]the demo failed[/red]")
    screen.quote(str(error) if isinstance(error, BackoutError) else f"{type(error).__name__}: {error}")
    screen.quote(stage.last_words(LOG_LINES))
    stage.down()
    stage.gather_logs()
    stage.clear(stage.reports, stage.logs)
    screen.say(f"all is stopped; what the programs said is in {stage.logs}")
    return 1
