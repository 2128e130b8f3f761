"""All commands, and how errors end: one message for people, one line of JSON for scripts, an exit code for the shell."""

import sys

import typer

from deployments.cli import apply, audit, consent, demo, local, record, report, rollback, serve, status
from deployments.cli.output import complain
from domain.errors import BackoutError

app = typer.Typer(
    name="backout",
    help="Take production back to the last good release: rollback runbooks that run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (rollback, status, consent, apply, record, report, audit, serve, local, demo):
    room.add_to(app)


def main() -> None:
    """Run the command line; never end with a stack trace for what can be expected."""
    try:
        app(standalone_mode=True)
    except BackoutError as error:
        complain(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_code)
