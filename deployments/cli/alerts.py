"""`backout alerts`: what waits on this host for Prefect, what Prefect refuses, and how to send that again."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from blocks.home import Home
from blocks.spool import SetAside, Spool
from deployments.alert_spool import spool_of, told
from deployments.cli.output import AsJson, as_json, console, table
from deployments.cli.usage import BadUsage
from domain.alert import Received

ALL = "all"

Again = Annotated[
    str | None, typer.Option(metavar="NAME", help="Send what was set aside again, by its name; `all`.")
]
Forget = Annotated[
    str | None, typer.Option(metavar="NAME", help="Throw away what was set aside, by its name; `all`.")
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(alerts)


def alerts(again: Again = None, forget: Forget = None, json: AsJson = False) -> None:
    """Show the alerts that Prefect does not have: those that wait, and those it refuses, set aside until you say.

    It goes by the files below BACKOUT_HOME: run it on the host of `backout serve`, as its user.
    """
    if again is not None and forget is not None:
        raise BadUsage("either --again or --forget")
    spool = spool_of(Home.from_env())
    if again is not None:
        done = _each(spool, again, spool.send_again)
    elif forget is not None:
        done = _each(spool, forget, spool.forget)
    else:
        done = []
    found = {"waiting": len(spool.files()), "aside": [_shown(one, spool) for one in spool.aside()]}
    word = "sent again" if again is not None else "thrown away"
    as_json({**found, "done": done}) if json else _show(found, [f"{name}: {word}" for name in done])


def _each(spool: Spool[Received], name: str, do: Any) -> list[str]:
    """Do it with the one of this name, or with all; their names. Raises BadUsage."""
    aside = spool.aside()
    meant = [one for one in aside if name in (ALL, one.name)]
    if not meant and name != ALL:
        raise BadUsage(f"nothing of the name {name!r} is set aside", step="`backout alerts` lists the names")
    for one in meant:
        do(one)
    return [one.name for one in meant]


def _shown(one: SetAside, spool: Spool[Received]) -> dict[str, Any]:
    return {**told(one, spool), "at": datetime.fromtimestamp(one.at, UTC)}


def _show(found: dict[str, Any], done: list[str]) -> None:
    for line in [*done, f"{found['waiting']} files of alerts wait for Prefect"]:
        _say(line)
    if not found["aside"]:
        _say("none is set aside")
        return
    rows = table("set aside", "name", "since", "application", "alert", "why")
    for one in found["aside"]:
        since = f"{one['at']:%Y-%m-%d %H:%M:%S} UTC"
        rows.add_row(one["name"], since, *(_plain(one[key]) for key in ("application", "alert", "why")))
    console.print(rows)
    _say("send one again once what refused it is mended: backout alerts --again NAME")
    _say("it may start a run, as if it came now; throw it away instead: backout alerts --forget NAME")


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    """Rich reads markup in a cell."""
    from rich.markup import escape

    return escape(text)
