"""`rollback --break-glass`: Prefect and the store are down. The same acts, a host lock, a local journal."""

import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from blocks import configuration
from blocks.configuration import Described
from blocks.configuration_alone import document_alone
from blocks.document import Document
from blocks.files import locked
from blocks.home import Home
from blocks.installation import Installation
from blocks.keys import key
from blocks.local_ledger import LocalLedger
from blocks.store import Store
from deployments.cli.output import as_json, console, errors
from deployments.cli.plans import show_plan
from deployments.direct_messages import send_now
from deployments.fencing import Fence
from deployments.follow import step_list, steps_of
from deployments.target_choice import refuse_mistyped
from domain.assess import assess
from domain.errors import ConfigurationError, Conflict, LostLock, UnknownApplication
from domain.names import block_name
from domain.outcomes import ENDS, Outcome, next_step
from domain.request import Request
from flows.conclude import conclude
from flows.path import take_back, take_back_now
from tasks.assess import situation_of_request
from tasks.case import Case
from tasks.ended import Interrupted
from tasks.survey import look_around

SEARCHED = ("backout.yaml", "backout.yml")


def run(home: Home, request: Request, file: str | None, *, dry_run: bool, json: bool) -> None:
    """Take the application back from this host alone; ends with the outcome's exit code.

    Raises:
        UnknownApplication: no file that was read describes it.
        UnknownRelease: a release is asked for that no slot holds.
        ConfigurationError: no file was found.
    """
    document = _document(home, request.application, file)
    ledger = LocalLedger(home, request.application, key(home, "journal"))
    request = request.model_copy(update={"via": "break-glass"})
    if dry_run:
        show_plan(assess(situation_of_request(ledger, document, request, look_around(document))), json=json)
        return
    refuse_mistyped(document, request)
    with _alone(home, request.application), _interruptible() as stopping:
        run = f"break-glass-{os.getpid()}-{secrets.token_hex(2)}"  # pids come again
        fence = Fence(home, ledger, run)
        fence.raise_it()
        begun = ledger.begin(request, run)
        if begun.hold is None:
            raise LostLock(application=request.application, incident=begun.incident.id)
        fence.keep(begun.incident)
        here = Installation(home, Store("", b""))
        case = Case(here, document, ledger, begun.incident, begun.hold, str(os.getpid()), stopping=stopping)
        outcome, why = _walk(case, request)
        for channel, problem in send_now(document, ledger).items():
            errors.print(f"not told through {channel}: {problem}", markup=False)
        kept = fence.reconcile()
    _end(case, outcome, why, json=json, reconciled=kept)


def _walk(case: Case, request: Request) -> tuple[Outcome, str]:
    path = take_back_now if request.runbook == "emergency" else take_back
    try:
        return conclude(case, path)
    except Interrupted as stop:
        errors.print(f"stopped before {stop}; the same command goes on from there")
        raise typer.Exit(1) from None


def _end(case: Case, outcome: Outcome, why: str, *, json: bool, reconciled: bool) -> None:
    end = ENDS[outcome]
    incident = case.ledger.incident(case.incident.id)
    report = incident.report
    if json:
        as_json({"incident": case.incident.id, "outcome": outcome, "why": why, "report": report})
    else:
        console.print(step_list(steps_of(case.ledger.entries(case.incident.id))))
        style = "bold green" if end.exit_code == 0 else "bold red"
        console.print(f"[{style}]{outcome}[/{style}]: {end.words}", highlight=False)
        step = next_step(outcome, incident.application, incident.plan.from_release if incident.plan else None)
        console.print(f"{why}\nnext: {step}", markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"report: {report or 'none was written'}", markup=False, highlight=False, soft_wrap=True
        )
        if not reconciled:
            console.print("later, when the store is back: backout reconcile")
    raise typer.Exit(end.exit_code)


def _document(home: Home, application: str, file: str | None) -> Document:
    """From the file given, else ./backout.yaml, else where it was last applied from on this host."""
    candidates = [Path(file)] if file else [Path(name) for name in SEARCHED]
    candidates += [] if file else _remembered(home, application)
    found = [path for path in candidates if path.exists()]
    if not found:
        raise ConfigurationError(
            file=str(candidates[0]), key="", problem="does not exist; give one with --file"
        )
    one = _described(found, application)
    document, left_out = document_alone(one.raw, one.source, one.at)
    for why in left_out:
        errors.print(f"goes without it: {why}", markup=False)
    return document


def _described(files: list[Path], application: str) -> Described:
    """The application in the first file that describes it: a shell may be in the folder of another one."""
    known: list[str] = []
    for file in files:
        try:
            found = configuration.read_one(file, application)
        except UnknownApplication as error:
            known += error.known
            names = ", ".join(error.known) or "nothing"
            errors.print(f"{application} is not in {file} (it describes {names})", markup=False)
        else:
            errors.print(f"reads {file}", markup=False, highlight=False, soft_wrap=True)
            return found
    raise UnknownApplication(application, known, files=[str(file) for file in files])


def _remembered(home: Home, application: str) -> list[Path]:
    note = home.state / f"{block_name(application)}.source"
    return [Path(note.read_text(encoding="utf-8"))] if note.exists() else []


def remember(home: Home, application: str, file: Path) -> None:
    """Note where the application was applied from, for when nothing else can be asked."""
    (home.state / f"{block_name(application)}.source").write_text(str(file.resolve()), encoding="utf-8")


@contextmanager
def _alone(home: Home, application: str) -> Iterator[None]:
    """One such command at a time on this host: two would go on with the same incident. Raises Conflict."""
    try:
        with locked(home.state / f"{block_name(application)}.break-glass", timeout_s=0):
            yield
    except TimeoutError:
        raise Conflict(
            on=application, expected="free", found="worked on by another --break-glass run"
        ) from None


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Ctrl-C stops after the current act, not in it."""
    stopping = threading.Event()
    before = signal.signal(signal.SIGINT, lambda _number, _frame: stopping.set())
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)
