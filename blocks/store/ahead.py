"""Acts that go ahead of the run which Prefect is about to make: by whom an incident is begun until that run takes it up."""

from blocks.store.database import Connection
from domain.precedence import Phase

PREFIX = "ahead-"


def run_of(detection: str) -> str:
    """The id that stands for the run of what was detected, until there is one."""
    return f"{PREFIX}{detection}"


def may_begin(connection: Connection, detection: str) -> bool:
    """Whether a run is to start for this detection, and has not begun: an alert that is over by now starts none."""
    row = connection.execute(
        "SELECT 1 FROM alerts WHERE detection = %s AND result = 'started' AND run IS NULL", [detection]
    ).fetchone()
    return row is not None


def has_begun(connection: Connection, detection: str) -> bool:
    """Whether acts of this detection have an incident, which only its run can end."""
    return connection.execute("SELECT 1 FROM runs WHERE run = %s", [run_of(detection)]).fetchone() is not None


def acts(connection: Connection, detection: str) -> bool:
    """Whether acts of this detection go on at this moment."""
    row = connection.execute(
        """SELECT 1 FROM runs JOIN locks ON locks.incident = runs.incident
            WHERE runs.run = %s AND NOT joined AND locks.phase = %s AND locks.until > now()""",
        [run_of(detection), Phase.ACTING],
    ).fetchone()
    return row is not None


def take_up(connection: Connection, detection: str, run: str) -> None:
    """What was begun ahead of this run is its own from now on."""
    connection.execute(
        """UPDATE runs SET run = %(run)s WHERE run = %(ahead)s AND NOT joined
              AND NOT EXISTS (SELECT 1 FROM runs WHERE run = %(run)s)""",
        {"run": run, "ahead": run_of(detection)},
    )
