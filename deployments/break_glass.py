"""`rollback --break-glass`: Prefect and the store are down. The same acts, a host lock, a local journal."""

import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

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
from deployments.own_file import described_here
from deployments.target_choice import refuse_mistyped
from domain.assess_database import decide
from domain.errors import Conflict, LostLock
from domain.names import block_name
from domain.outcomes import ENDS, Outcome
from domain.request import RESTART, SERVICE_OUTAGE, Request
from flows.conclude import conclude
from flows.path import restart_in_place, take_back, take_back_now
from tasks.assess import situation_of_request
from tasks.case import Case
from tasks.ended import Interrupted
from tasks.survey import look_around

AT_ONCE = ("emergency", SERVICE_OUTAGE)
"""Runbooks whose users come before the evidence."""


def run(home: Home, request: Request, file: str | None, *, dry_run: bool, json: bool) -> None:
    """Take the application back from this host alone; ends with the outcome's exit code.

    Raises:
        UnknownApplication: no file that was read describes it.
        UnknownRelease: a release is asked for that no slot holds.
        UnknownPart: the platform has no such part.
        ConfigurationError: no file was found.
    """
    document = _document(home, request.application, file).of_part(request.only)
    ledger = LocalLedger(home, request.application, key(home, "journal"))
    request = request.model_copy(update={"via": "break-glass"})
    if dry_run:
        seen = look_around(document, request.to)
        show_plan(decide(situation_of_request(ledger, document, request, seen)), json=json)
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
    at_once = take_back_now if request.runbook in AT_ONCE else take_back
    path = restart_in_place if request.runbook == RESTART else at_once
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
        console.print(
            f"{why}\nnext: {incident.next_step(outcome)}", markup=False, highlight=False, soft_wrap=True
        )
        console.print(
            f"report: {report or 'none was written'}", markup=False, highlight=False, soft_wrap=True
        )
        if not reconciled:
            console.print("later, when the store is back: backout reconcile")
    raise typer.Exit(end.exit_code)


def _document(home: Home, application: str, file: str | None) -> Document:
    """From the file given, else ./backout.yaml, else where it was last applied from on this host."""
    one = described_here(home, application, file)
    document, left_out = document_alone(one.raw, one.source, one.at)
    for why in left_out:
        errors.print(f"goes without it: {why}", markup=False)
    return document


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
