"""`backout demo`: the main job on this machine, with nothing of yours."""

import importlib
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(demo)


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything up, and print the address of Prefect's UI.")
    ] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Show the pause for consent.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    down: Annotated[
        Path | None,
        typer.Option("--down", metavar="FOLDER", help="End the demo that --keep left up in FOLDER."),
    ] = None,
) -> None:
    """Stand an application up, release a bad version, and watch Backout take it back."""
    # The examples are a room above this one: they are started by name, never imported.
    story = importlib.import_module("examples.demo.story")
    raise typer.Exit(story.end(down) if down else story.tell(keep=keep, ask=ask, json_file=json_file))
