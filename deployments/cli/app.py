"""All commands, and how errors end: one message for people, one line of JSON for scripts, an exit code for the shell."""

import sys
from typing import Any

import typer

from deployments.cli import (
    alerts,
    apply,
    audit,
    consent,
    db,
    demo,
    deploy,
    doctor,
    drill,
    explain,
    hotfix,
    incidents,
    local,
    quarantine,
    readiness,
    ready,
    record,
    releases,
    report,
    rollback,
    serve,
    status,
)
from deployments.cli.output import complain
from deployments.cli.unexpected import noted
from deployments.cli.usage import BadUsage
from domain.errors import BackoutError

app = typer.Typer(
    name="backout",
    help="Take production back to the last good release: rollback runbooks that run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (
    rollback,
    hotfix,
    deploy,
    status,
    doctor,
    readiness,
    ready,
    consent,
    apply,
    record,
    releases,
    quarantine,
    report,
    incidents,
    audit,
    explain,
    alerts,
    db,
    serve,
    local,
    drill,
    demo,
):
    room.add_to(app)


def main() -> None:
    """Run the command line; never end with a stack trace."""
    for_scripts = "--json" in sys.argv
    try:
        sys.exit(_run(for_scripts=for_scripts))
    except BackoutError as error:
        complain(error, as_json=for_scripts)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever was forgotten, a person reads a sentence and finds the trace
        complain(noted(error), as_json=for_scripts)
        sys.exit(1)


def _run(*, for_scripts: bool) -> Any:
    """The exit code. People get usage errors as typer shows them, scripts as one JSON value like any other error."""
    if not for_scripts:
        return app()
    try:
        return app(standalone_mode=False)
    except typer.TyperException as error:
        raise BadUsage(error.format_message()) from None
    except typer.Abort:
        return 1
