"""`backout ready`: can we go back right now, and how long would it take?"""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from blocks.installation import Installation, installation
from deployments.applications import document, wanted
from deployments.cli.output import AsJson, as_json, console
from deployments.drift import drifts
from deployments.prefect_api import PrefectApi
from domain.errors import Drift, PrefectUnavailable
from domain.findings import Verdict
from domain.names import block_name
from domain.outcomes import named
from domain.readiness import Check, Readiness
from tasks.readiness import look

MARKS = {Verdict.OK: ("✓", "green"), Verdict.BAD: ("✗", "bold red"), Verdict.NO_DATA: ("?", "yellow")}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(ready)


def ready(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="One application; all of them without it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Can we go back right now, and how long would it take. Changes nothing. Exit code 1 where one is not ready."""
    with installation() as here:
        found = [_seen(here, name, quiet=json) for name in wanted(here, app)]
    if json:
        values = [_value(one) for one in found]
        as_json(values if app is None else values[0])
    elif not found:
        console.print("no application is applied yet: backout apply backout.yaml")
    raise typer.Exit(0 if all(one.ready for one in found) else 1)


def _seen(here: Installation, app: str, *, quiet: bool) -> Readiness:
    """Looked at now; printed as soon as it is known."""
    seen = look(here, app, lambda: document(here, app), lambda: _ask_prefect(here, app)).readiness
    if not quiet:
        _show(seen)
    return seen


def _ask_prefect(here: Installation, app: str) -> str:
    """Where Prefect answered. Raises PrefectUnavailable, and Drift where runs would refuse what it has."""
    with PrefectApi.find(here.home) as api:
        url = api.url
    drift = drifts(here, [app])[app]
    if drift is None:
        raise PrefectUnavailable("Prefect", url, "it does not answer")
    if drift:
        raise Drift(file=f"block {block_name(app)}", key="document", problem=drift)
    return url


def _show(seen: Readiness) -> None:
    console.print(seen.application, style="bold", highlight=False)
    for check in seen.checks:
        _show_check(seen.application, check)
    style = "bold green" if seen.ready else "bold red"
    _line(Text(seen.said, style=style))
    if not seen.ready:
        _line(Text(f"how long it would take: {seen.takes}"))
    console.print()


def _show_check(application: str, check: Check) -> None:
    mark, style = MARKS[check.verdict]
    _line(Text(f"  {mark} {check.name}", style=style).append(f": {check.said}", style="default"))
    if check.verdict is not Verdict.OK:
        for step in check.next_steps:
            _line(Text("      mends it: ", style="yellow").append(named(step, application)))


def _line(text: Text) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def _value(seen: Readiness) -> dict[str, Any]:
    return {
        "application": seen.application,
        "ready": seen.ready,
        "said": seen.said,
        "target": seen.target or None,
        "eta_s": seen.eta_s,
        "eta_runs": seen.runs,
        "rto_s": seen.rto_s,
        "causes": [check.name for check in seen.causes],
        "checks": _checks(seen.application, seen.checks),
    }


def _checks(application: str, checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [
        {
            "check": check.name,
            "verdict": check.verdict,
            "said": check.said,
            "next": [named(step, application) for step in check.next_steps],
            "findings": [checkup.finding.model_dump(mode="json") for checkup in check.checkups],
        }
        for check in checks
    ]
