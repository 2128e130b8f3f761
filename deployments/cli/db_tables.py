"""What is known of a database, as tables in the terminal."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from deployments.cli import plans
from deployments.cli.ages import age
from deployments.cli.output import console, table
from domain.database.backup import Backup
from domain.database.migration import SchemaStatus
from domain.database.plan import DatabasePlan, Option
from domain.database.rehearsal import Lock, Rehearsal, RowsAtRisk
from domain.findings import Finding, Verdict
from domain.plan import Plan

NEWEST = 3
LONGEST_STATEMENTS = 20
STYLES = {Verdict.OK: "green", Verdict.BAD: "bold red", Verdict.NO_DATA: "yellow"}


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same for JSON."""
    return {key: _plain(value) for key, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(one) for one in value] if isinstance(value, list) else value


def show_status(found: Mapping[str, Any]) -> None:
    """Schema, findings, kept databases, the newest backups."""
    schema: SchemaStatus = found["schema"]
    console.print(
        f"{found['application']}: schema {schema.version or 'not recorded'}", style="bold", highlight=False
    )
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_row("applied", ", ".join(schema.applied) or "none")
    rows.add_row("pending", ", ".join(schema.pending) or "none")
    if schema.dirty:
        rows.add_row("[bold red]dirty[/bold red]", f"{schema.dirty} broke off half-way")
    if schema.unknown:
        rows.add_row(
            "[yellow]unknown[/yellow]", f"{', '.join(schema.unknown)}: applied, and not in the folder"
        )
    for kept in found["kept"]:
        rows.add_row("kept", f"{kept} (backout db swap-back {found['application']} {kept})")
    console.print(rows)
    _show_findings(found["findings"])
    show_backups(found["backups"])


def _show_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        console.print(
            f"[{STYLES[finding.verdict]}]{finding.verdict}[/] {escape(finding.name)}: {escape(finding.said)}",
            highlight=False,
        )


def show_backups(backups: Iterable[Backup]) -> None:
    """Each with what it holds and what is wrong with it."""
    rows = table("", "backup", "age", "MB", "rows", "schema", "state")
    rows.columns[0].overflow = "fold"  # its name is what other commands ask for
    rows.columns[0].no_wrap = True
    rows.padding = (0, 1, 0, 0)
    for backup in backups:
        held = backup.manifest
        rows.add_row(
            Text(backup.name),
            age(backup.taken_at),
            f"{backup.bytes / 1e6:.1f}",
            str(sum(held.rows.values())) if held else "?",
            (held.schema_version or "") if held else "?",
            _state(backup),
        )
    console.print(rows if rows.row_count else "no backups yet: backout db backup APP", highlight=False)


def _state(backup: Backup) -> Text:
    if backup.problems:
        return Text("; ".join(backup.problems), style="bold red")
    return Text("verified", style="green") if backup.verified else Text("unverified", style="yellow")


def show_rehearsal(seen: Rehearsal) -> None:
    """What was seen on the clone."""
    words, style = ("works", "bold green") if seen.works else ("does not work", "bold red")
    way = f"{seen.from_version} → {seen.to_version or 'nothing'}"
    console.print(f"{seen.database}: the way down {way} {words}", style=style, highlight=False)
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_row(
        "steps", f"{', '.join(seen.steps)} in {seen.steps_s:.2f} s (the clone took {seen.clone_s:.1f} s)"
    )
    if seen.failed:
        rows.add_row("[red]failed[/red]", Text(seen.failed))
    for line in seen.differences:
        rows.add_row("[red]differs[/red]", Text(line))
    for line in seen.cosmetic:
        rows.add_row("differs in form", Text(line))
    if not seen.compared:
        rows.add_row("[yellow]not compared[/yellow]", f"no schema was recorded at {seen.to_version}")
    _add_costs(rows, seen.rows_at_risk, seen.locks, seen.statements)
    console.print(rows)


def show_plan(plan: Plan, *, json: bool, hindered: tuple[str, str] | None = None) -> None:
    """The plan, then every option for the database, with what it would cost. `hindered`: as in `plans.show_plan`."""
    plans.show_plan(plan, json=json, hindered=hindered)
    if plan.database is None or json:
        return
    for option in plan.database.options:
        _show_option(plan.database, option)


def _show_option(database: DatabasePlan, option: Option) -> None:
    chosen = option.action is database.action
    mark = "[bold green]→[/bold green]" if chosen else " " if option.possible else "[red]✗[/red]"
    console.print(f"{mark} {option.action}: {escape(option.why)}", highlight=False)
    rows = Table.grid(padding=(0, 2, 0, 0))
    if option.seconds is not None:
        rows.add_row("    takes", f"about {option.seconds:.1f} s")
    _add_costs(rows, option.rows, option.locks, option.statements)
    console.print(rows)


def _add_costs(
    rows: Table, at_risk: Iterable[RowsAtRisk], locks: Iterable[Lock], statements: list[str]
) -> None:
    for row in at_risk:
        rows.add_row("    [red]at risk[/red]", Text(f"{row.rows} rows of {row.table}: {row.what}"))
    for lock in locks:
        rows.add_row("    locks", Text(f"{lock.mode} on {lock.table}: {lock.blocks}"))
    for statement in statements[:LONGEST_STATEMENTS]:
        rows.add_row("    runs", Text(statement.strip()))
