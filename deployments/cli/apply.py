"""`backout apply`, `init` and `schema`: the configuration."""

import json as json_text
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from blocks import configuration
from blocks.configuration import Described
from blocks.home import Home
from blocks.installation import Installation, installation, serving
from blocks.watch_settings import unwatched
from deployments import starting_file
from deployments.changes import Change, changes
from deployments.cli.output import AsJson, as_json, complain, console
from deployments.cli.usage import BadUsage
from deployments.people import at_host
from deployments.unset_variables import unset
from domain.errors import ConfigurationError, MissingSecret, PrefectUnavailable
from domain.errors.machines import unusable
from domain.names import application_name

FIRST_FILE = Path("backout.yaml")
SCHEMA_FILE = Path("docs/backout.schema.json")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(apply)
    app.command()(init)
    app.command()(schema)


def apply(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER", help="backout.yaml files, or folders of them.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference; change nothing.")] = False,
    json: AsJson = False,
) -> None:
    """Save what the files describe: blocks, automations, forms. Safe to repeat."""
    described = configuration.read(paths)
    home = Home.from_env().ensure()
    if not dry_run:
        use_serve(home)
    with installation(home) as here:
        found = changes(here, described)
        if not dry_run:
            _save(here, described)
    missing = {one.name: unset(home, one) for one in described}
    if json:
        as_json([_row(one, missing[one.described.name]) for one in found])
        return
    for one in found:
        console.print(
            f"{one.described.name}: {one.verb}{_block(one, dry_run=dry_run)}",
            style="bold", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        console.print(one.diff, markup=False, highlight=False, soft_wrap=True, end="\n" if one.diff else "")
        for line in unwatched(one.described.raw):
            console.print(f"  {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)
        for error in missing[one.described.name]:
            complain(error, as_json=False)


def _row(change: Change, missing: list[MissingSecret]) -> dict[str, Any]:
    """What `--json` says of one application."""
    return {
        "application": change.described.name,
        "change": change.verb,
        "drift": change.drift,
        "diff": change.diff,
        "not_watched": unwatched(change.described.raw),
        "unset": [error.variable for error in missing],
    }


def _block(change: Change, *, dry_run: bool) -> str:
    """What becomes of the block in Prefect, where that is more than the document's change."""
    if change.drift is None:
        return "; Prefect does not answer: whether its block drifted is not known"
    done = "would be put back" if dry_run else "put back"
    return f"; {done}: {change.drift}" if change.drift else ""


def _save(here: Installation, described: list[Described]) -> None:
    from deployments.applying import apply as save

    save(here, described, at_host())


def use_serve(home: Home) -> None:
    """Point Prefect's client at the running `serve`, before it is imported.

    Raises:
        PrefectUnavailable: none runs here, and `PREFECT_API_URL` is not set.
    """
    if "PREFECT_API_URL" in os.environ:
        return
    found = serving(home)
    if found is None:
        raise PrefectUnavailable(
            what_it_is="Prefect", address=str(home.serve_file), why="no `backout serve` runs here"
        )
    from deployments.prefect_environment import client_environment

    os.environ.update(client_environment(home, found["prefect_api_url"]))


def init(
    folder: Annotated[Path, typer.Argument(help="Where your project is.")] = Path(),
    name: Annotated[str, typer.Option(help="app/environment.")] = "",
    output: Annotated[Path, typer.Option(help="The file to write.")] = FIRST_FILE,
) -> None:
    """Write a commented first backout.yaml for the stack found in the folder. Never overwrites one."""
    target = output if output.is_absolute() else folder / output
    if target.exists():
        raise ConfigurationError(file=str(target), key="", problem="exists already; it is not overwritten")
    found = starting_file.detect(folder)
    app = _name(name) if name else starting_file.name_for(folder)
    places = starting_file.places(Home.from_env(), app, os.geteuid())
    try:
        target.write_text(starting_file.render(found, app, places), encoding="utf-8")
    except OSError as error:
        raise unusable("file", str(target), error) from error
    console.print(
        f"found: {', '.join(found) or 'no stack that is known'}\nwrote {target}: read it, then `backout apply {target}`"
    )


def _name(name: str) -> str:
    try:
        return application_name(name)
    except ValueError as error:
        raise BadUsage(f"--name: {error}") from None


def schema(output: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None) -> None:
    """Print the JSON schema of backout.yaml, for editors."""
    text = json_text.dumps(configuration.schema(), indent=2, sort_keys=True) + "\n"
    if output is None:
        console.print(text, markup=False, highlight=False, soft_wrap=True, end="")
    else:
        output.write_text(text, encoding="utf-8")
