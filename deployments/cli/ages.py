"""How long ago something was, in two or three letters more than a number."""

from datetime import UTC, datetime, timedelta

UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def age(since: datetime | None) -> str:
    """`3 h`, `90 s`; a dash where it is not known."""
    if since is None:
        return "-"
    passed = datetime.now(UTC) - since
    return next((f"{passed // unit} {name}" for name, unit in UNITS if passed >= 2 * unit), "1 s")
