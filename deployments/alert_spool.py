"""Where alerts wait on this host until Prefect has their events, and where those lie that it refuses."""

from typing import Any

from blocks.home import Home
from blocks.spool import SetAside, Spool
from domain.alert import Received

FOLDER = "alerts"
SHOW = "backout alerts"
"""The command that shows them, and sends them again."""

UNREADABLE = "a file that cannot be read"


def spool_of(home: Home) -> Spool[Received]:
    """Where alerts wait for Prefect."""
    return Spool(home.state / FOLDER, Received)


def count(home: Home) -> dict[str, Any]:
    """How many files wait, and how many are set aside, with what to do about those. Raises OSError."""
    spool = spool_of(home)
    aside = len(spool.aside())
    return {"waiting": len(spool.files()), "aside": aside, **({"next": SHOW} if aside else {})}


def told(one: SetAside, spool: Spool[Received]) -> dict[str, Any]:
    """What was set aside, for people: its name, whose it is, what it says, since when, and why."""
    applications, said = _told(one, spool)
    return {"name": one.name, "application": applications, "alert": said, "at": one.at, "why": one.why}


def _told(one: SetAside, spool: Spool[Received]) -> tuple[str, str]:
    try:
        rows = spool.read(one.file)
    except (OSError, ValueError):
        return "", UNREADABLE
    applications = sorted({row.application or row.alert.application or "" for row in rows})
    return ", ".join(applications), "; ".join(row.alert.reason for row in rows)
