"""`backout audit`: who started what, why, with which approvals, what happened; and whether the record can be believed."""

from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from blocks.installation import installation
from deployments.auditing import Row, rows, verify_all
from deployments.cli.audit_export import export
from deployments.cli.output import AsJson, as_json, console, table
from deployments.cli.since import Since, since_when
from domain.report.markdown import escape

COLUMNS = (
    "when", "application", "who", "why", "approved by", "rejected by", "moved", "from", "to", "outcome", "prefect", "incident",
)  # fmt: skip
WIDE = 180
"""Columns a terminal needs for the table; narrower ones get a few lines an incident."""

Format = Literal["table", "jsonl", "md"]


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(help="The record of all incidents.", invoke_without_command=True)
    group.callback()(audit)
    group.command()(verify)
    group.command()(export)
    app.add_typer(group, name="audit")


def audit(
    context: typer.Context,
    app: Annotated[str | None, typer.Option(help="One application.")] = None,
    since: Since = None,
    form: Annotated[Format, typer.Option("--format", help="How to print it.")] = "table",
    json: AsJson = False,
) -> None:
    """Journal and Prefect's history as one, newest first."""
    if context.invoked_subcommand:
        return
    with installation() as here:
        found = rows(here, app, since_when(since))
    if json:
        as_json([row.model_dump(mode="json") for row in found])
    elif form == "jsonl":
        for row in found:
            as_json(row.model_dump(mode="json"))
    else:
        _print(found, form)


def verify(json: AsJson = False) -> None:
    """Find any change, gap or cut of the journal. Exit code 1 where there is one."""
    with installation() as here:
        broken = verify_all(here)
    if json:
        as_json(broken)
    for incident, problems in ({} if json else broken).items():
        console.print(f"{incident}: {'; '.join(problems)}", style="bold red", markup=False)
    if not broken and not json:
        console.print("every journal is whole")
    raise typer.Exit(1 if broken else 0)


def _print(found: list[Row], form: str) -> None:
    if form == "md":
        cells = [[escape(cell) for cell in row.cells()] for row in found]
        lines = [
            f"| {' | '.join(COLUMNS)} |",
            "|" + "---|" * len(COLUMNS),
            *(f"| {' | '.join(row)} |" for row in cells),
        ]
        console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    elif console.width >= WIDE:
        shown = table("", *COLUMNS)
        for row in found:
            shown.add_row(*(Text(cell) for cell in row.cells()))
        console.print(shown)
    else:
        for row in found:
            _print_one(row)
    if not found and form == "table":
        console.print("no incident was recorded")


def _print_one(row: Row) -> None:
    """One incident as a few lines, for a terminal that is too narrow for the table."""
    cells = dict(zip(COLUMNS, row.cells(), strict=True))
    console.print(Text(f"{cells['when']}  {cells['application']}  {cells['outcome']}", style="bold"))
    shown = Table.grid(padding=(0, 2, 0, 0))
    shown.add_row(*_way(cells))
    for name in ("who", "why", "approved by", "rejected by", "prefect", "incident"):
        if cells[name] != "-":
            shown.add_row(f"  {name}", Text(cells[name]))
    console.print(shown)


def _way(cells: dict[str, str]) -> tuple[str, Text]:
    """Where traffic went; where it stayed, what was planned, and what serves on where nothing was."""
    way, moved = f"{cells['from']} -> {cells['to']}", cells["moved"]
    if moved != "no":
        return "  moved", Text(f"{way}, and back" if moved == "and back" else way)
    if cells["to"] in ("-", cells["from"]):
        return "  serves", Text(cells["from"])
    return "  planned", Text(way)
