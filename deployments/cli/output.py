"""How commands speak: rich tables to people, one JSON value with `--json`."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from domain.errors import BackoutError

console = Console()
errors = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value, for scripts.")]
AppArgument = Annotated[str, typer.Argument(metavar="APP", help="The application, e.g. shop/production.")]


def as_json(value: Any) -> None:
    """Print one JSON value on standard output; times in ISO 8601."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False) + "\n")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def complain(error: BackoutError, *, as_json: bool) -> None:
    """Say what failed, on what, why, and what to do next; as JSON on standard output for scripts."""
    if as_json:
        body = {
            "error": type(error).__name__,
            "what": error.what(),
            "next": error.next_step(),
            "retryable": error.retryable,
        }
        sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
        return
    errors.print(error.what(), style="bold red", markup=False, highlight=False, soft_wrap=True)
    if step := error.next_step():
        errors.print(f"next: {step}", markup=False, highlight=False, soft_wrap=True)


def table(title: str, *columns: str) -> Table:
    """An empty table in the house's style."""
    made = Table(
        title=title or None, title_justify="left", header_style="bold", box=None, padding=(0, 2, 0, 0)
    )
    for column in columns:
        made.add_column(column)
    return made
