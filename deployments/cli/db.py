"""`backout db`: what is known of an application's database, its way down, and its backups. None of these changes it."""

from typing import Annotated, Any

import typer

from blocks.databases.contract import Changes
from blocks.installation import Installation, installation
from deployments.applications import document
from deployments.cli import db_changes, db_tables
from deployments.cli.output import AppArgument, AsJson, as_json, console
from deployments.cli.progress_bar import bar
from domain.database.backup import Backup
from domain.database.wish import Condition, Wish
from domain.errors import BackupUnusable
from domain.request import Request
from tasks.back_up import take_backup
from tasks.database import changes_of, serving_release
from tasks.read_backups import read_whole
from tasks.rehearse import rehearse_last
from tasks.study_database import planned

BackupArgument = Annotated[
    str, typer.Argument(metavar="BACKUP", help="Its name, as `backout db list` shows it.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        help="The application's database: status, way down, backups, restore.", no_args_is_help=True
    )
    for command in (status, plan, rehearse, backup, verify):
        group.command()(command)
    group.command("list")(list_backups)
    db_changes.add_to(group)
    app.add_typer(group, name="db")


def status(app: AppArgument, json: AsJson = False) -> None:
    """Migrations, sessions and locks, the application's own queries, kept databases, the newest backups."""
    with installation() as here:
        described = document(here, app)
        changes = changes_of(described, here.home)
        found: dict[str, Any] = {
            "application": app,
            "schema": changes.status(serving_release(described)),
            "findings": changes.look(),
            "kept": changes.kept(),
            "backups": changes.backups()[: db_tables.NEWEST],
        }
    as_json(db_tables.plain(found)) if json else db_tables.show_status(found)


def plan(
    app: AppArgument,
    to: Annotated[str | None, typer.Option(help="The release to go back to.")] = None,
    json: AsJson = False,
) -> None:
    """What `migration-failure` would do to code and schema: rehearsed on a clone, with every option weighed."""
    wish = Wish(condition=Condition.SERVICE_FAILURE)
    request = Request(
        application=app, runbook="migration-failure", issue="migration-failure", to=to, database=wish
    )
    with installation() as here:
        made = planned(here, document(here, app), request)
    db_tables.show_plan(made, json=json)


def rehearse(
    app: AppArgument,
    to: Annotated[
        str | None, typer.Option(help="Version to go down to. Default: the one below the newest applied.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Run the way down on a clone of the real data: does it work, where does it land, what does it lose."""
    with installation() as here, bar(quiet=json) as progress:
        seen = rehearse_last(here, document(here, app), to, progress)
    as_json(seen.model_dump(mode="json")) if json else db_tables.show_rehearsal(seen)
    if not seen.works:
        raise typer.Exit(1)


def backup(
    app: AppArgument,
    label: Annotated[str, typer.Option(help="Why: manual, pre-migration, current-state ...")] = "manual",
    release: Annotated[
        str | None, typer.Option(help="The release that serves; kept in the manifest.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Dump the database with a manifest of what it holds, and verify the dump."""
    with installation() as here, bar(quiet=json) as progress:
        made = take_backup(here, document(here, app), label, release, progress)
    as_json(made.model_dump(mode="json")) if json else db_tables.show_backups([made])


def list_backups(app: AppArgument, json: AsJson = False) -> None:
    """All backups, newest first; dumps without a manifest are shown as unverified."""
    with installation() as here:
        found = _changes(here, app).backups()
    as_json([row.model_dump(mode="json") for row in found]) if json else db_tables.show_backups(found)


def verify(app: AppArgument, backup: BackupArgument, json: AsJson = False) -> None:
    """Read a backup whole: checksums, and PostgreSQL's own list of what is in it."""
    with installation() as here:
        changes = _changes(here, app)
        seen = read_whole(here, app, changes, named(changes.backups(), backup))
    as_json(seen.model_dump(mode="json")) if json else db_tables.show_backups([seen])
    if seen.problems:
        raise typer.Exit(1)
    if not json and seen.manifest is None:
        console.print("unverified: it has no manifest; a restore goes beside first, and shows what is in it")


def named(backups: list[Backup], name: str) -> Backup:
    """The backup of this name. Raises BackupUnusable."""
    found = next((backup for backup in backups if backup.name == name), None)
    if found is None:
        raise BackupUnusable(backup=name, problems=["there is none of this name"])
    return found


def _changes(here: Installation, app: str) -> Changes:
    return changes_of(document(here, app), here.home)
