"""`backout doctor`: the runbook's troubleshooting tree, walked; what is wrong, the command that mends it, and `--fix`."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from blocks.home import Home
from deployments.cli.output import AppArgument, AsJson, as_json, console, errors
from deployments.cli.usage import BadUsage
from deployments.examination import Examined, difference, examined, tree
from deployments.mending import Agree, Mended, mend, offers, refuse_beside_a_run
from deployments.subject import Subject, opened, subject
from domain.checkup import Checkup, Remedy
from domain.errors import BackoutError
from domain.findings import Verdict

SETTLE_S = 20.0
"""Seconds that what was started has to become healthy, before it is said to be wrong still."""

LOOK_AGAIN_S = 1.0
MARKS = {Verdict.OK: ("✓", "green"), Verdict.BAD: ("✗", "bold red"), Verdict.NO_DATA: ("?", "yellow")}

Fix = Annotated[
    bool, typer.Option("--fix", help="Offer the remedies that can be done from here, one by one.")
]
Yes = Annotated[bool, typer.Option("--yes", help="With --fix: do all that are offered, the mildest of each.")]
FileOption = Annotated[
    str | None,
    typer.Option(help="The backout.yaml to go by. Default: what was applied, where the store answers."),
]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(doctor)


def doctor(
    app: AppArgument, fix: Fix = False, yes: Yes = False, file: FileOption = None, json: AsJson = False
) -> None:
    """Find what keeps an application from going back, and what mends it. Exit code 1 where something is wrong."""
    if yes and not fix:
        raise BadUsage("--yes is for --fix only")
    with opened(Home.from_env()) as (here, away):
        known = subject(Home.from_env(), here, away, app, file)
        found = list(_told(known, quiet=json))
        mended: list[Mended] = []
        refused = ""
        if fix:
            before, (mended, refused) = found, _mended(known, found, yes=yes, quiet=json)
            if any(one.done for one in mended):
                found = _settled(subject(known.home, here, away, app, file), before)
            if not json:
                _show_mended(before, found, mended, refused)
    if json:
        as_json(_value(app, found, mended, refused))
    else:
        _summary(found)
    raise typer.Exit(1 if any(one.bad for one in found) else 0)


def _told(known: Subject, *, quiet: bool) -> Iterator[Examined]:
    """Each branch, printed as it comes."""
    if not quiet:
        console.print(known.application, style="bold", highlight=False)
    for one in examined(known.application, tree(known)):
        if not quiet:
            _show(one)
        yield one


def _mended(known: Subject, found: Sequence[Examined], *, yes: bool, quiet: bool) -> tuple[list[Mended], str]:
    """What was done, and why nothing more was; empty where all was offered."""
    offered = offers(found)
    if not offered:
        return [], "nothing that is wrong can be mended from here"
    asks = sys.stdin.isatty() and not quiet
    if not yes and not asks:
        names = ", ".join(remedy.name for offer in offered for remedy in offer.remedies)
        return [], f"nothing was done: there is no terminal to ask at, and no --yes. Offered: {names}"
    agree: Agree = _agreed if yes else _asked
    done: list[Mended] = []
    try:
        refuse_beside_a_run(known)
        if known.here is None:
            errors.print(
                "the store cannot be asked whether a run acts: make sure that none does", markup=False
            )
        for one in mend(known, offered, agree):
            done.append(one)  # noqa: PERF402 - what was done stays known where a later one raises
    except BackoutError as error:
        return done, f"{error.what()}; next: {error.next_step()}"
    return done, ""


def _agreed(_checkup: Checkup, _remedy: Remedy) -> bool:
    return True


def _asked(checkup: Checkup, remedy: Remedy) -> bool:
    finding = checkup.finding
    console.print(
        f"{finding.name} on {finding.on}: {finding.said}", markup=False, highlight=False, soft_wrap=True
    )
    return typer.confirm(f"{remedy.name}?", default=False)


def _settled(known: Subject, before: Sequence[Examined]) -> list[Examined]:
    """Examined again, until nothing is wrong that was not before, and something is well; `SETTLE_S` at most."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        found = list(examined(known.application, tree(known)))
        seen = difference(before, found)
        if (seen["now well"] and not seen["newly wrong"]) or time.monotonic() > deadline:
            return found
        time.sleep(LOOK_AGAIN_S)


def _show(one: Examined) -> None:
    _line(Text(one.branch.name, style="bold"))
    for number, checkup in enumerate(one.checkups, start=1):
        last = number == len(one.checkups)
        _show_one(checkup, "└── " if last else "├── ", "    " if last else "│   ")


def _show_one(checkup: Checkup, branch: str, below: str) -> None:
    """The finding in a line, and below it what mends it: never broken, so that it can be pasted."""
    finding = checkup.finding
    mark, style = MARKS[finding.verdict]
    on = f" on {finding.on}" if finding.on != finding.name else ""
    shown = (
        Text(branch, style="dim").append(f"{mark} ", style=style).append(f"{finding.name}{on}", style=style)
    )
    _line(shown.append(f": {finding.said}"))
    for remedy in checkup.remedies:
        _line(Text(f"{below}  ", style="dim").append("mends it: ", style="yellow").append(remedy.command))
    if checkup.source and not finding.ok:
        _line(Text(f"{below}  {checkup.source}", style="dim"))


def _show_mended(
    before: Sequence[Examined], after: Sequence[Examined], mended: Sequence[Mended], refused: str
) -> None:
    for one in mended:
        style = "green" if one.done else "bold red"
        _line(Text(f"{one.remedy}: ", style=style).append(one.said))
    if refused:
        _line(Text(refused, style="yellow"))
    if mended:
        for what, checkups in difference(before, after).items():
            for checkup in checkups:
                finding = checkup.finding
                _line(
                    Text(f"{what}: ", style="bold").append(f"{finding.name} on {finding.on}: {finding.said}")
                )


def _summary(found: Sequence[Examined]) -> None:
    bad = [checkup.finding for one in found for checkup in one.bad]
    unknown = sum(row.finding.verdict is Verdict.NO_DATA for one in found for row in one.checkups)
    left = f", {unknown} could not be seen" if unknown else ""
    count = sum(len(one.checkups) for one in found)
    if not bad:
        _line(Text(f"nothing is wrong: {count} examined{left}", style="green"))
        return
    names = ", ".join(f"{finding.name} on {finding.on}" for finding in bad)
    _line(Text(f"{len(bad)} of {count} wrong{left}: {names}", style="bold red"))


def _line(text: Text) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def _value(app: str, found: Sequence[Examined], mended: Sequence[Mended], refused: str) -> dict[str, Any]:
    return {
        "application": app,
        "well": not any(one.bad for one in found),
        "branches": [
            {
                "branch": one.branch.name,
                "checkups": [checkup.model_dump(mode="json") for checkup in one.checkups],
            }
            for one in found
        ],
        "mended": [vars(one) for one in mended],
        "refused": refused,
    }
