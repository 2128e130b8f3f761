"""`--since`: a date, or an age."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from deployments.cli.usage import BadUsage

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
Since = Annotated[str | None, typer.Option(help="A date (2026-11-22) or an age (30m, 12h, 7d, 4w).")]


def since_when(text: str | None) -> datetime | None:
    """The moment that was meant; None where none was given. Raises BadUsage."""
    if text is None:
        return None
    age = re.fullmatch(r"(\d{1,4})([mhdw])", text)
    if age:
        return datetime.now(UTC) - timedelta(**{UNITS[age[2]]: int(age[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadUsage(
            f"--since: {text!r} is neither a date nor an age", allowed=["2026-11-22", "12h", "7d"]
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
