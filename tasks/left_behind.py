"""What a killed run left of `deploy.install`: it goes on by itself, and is ended before anything else is changed."""

from collections.abc import Iterable

from blocks import process
from blocks.local_ledger import LocalLedger
from domain.assess_deploy import INSTALL, TAKE_PLACE
from domain.errors import UnknownIncident
from domain.journal import Entry
from domain.journal_kinds import Happened
from tasks.case import Case

MARK = "BACKOUT_DEPLOY_OF"
"""A variable of the command's environment, and so of all that it starts: the incident."""

RUNS_THE_COMMAND = (INSTALL, TAKE_PLACE)
OF_ACTS = (Happened.ACT_STARTED, Happened.ACT_DONE, Happened.ACT_FAILED)
END_S = 5.0


def end_left_behind(case: Case) -> None:
    """End what is left of the application's `deploy.install` where the run that started it was killed, in whichever incident.

    What a command left that came to its end stays: it may be what serves. For acts that have the turn on this host, so that
    no other command of the application runs.

    Nothing without the store: of another run's acts a host keeps only those that may have moved traffic, and not their ends.

    Raises CommandFailed: something survived.
    """
    if isinstance(case.ledger, LocalLedger):
        return
    for incident in process.values_of(MARK):
        if _was_cut_off(case, incident):
            process.stop(None, f"{MARK}={incident}", END_S)


def _was_cut_off(case: Case, incident: str) -> bool:
    try:
        own = case.ledger.incident(incident).application == case.document.name
    except UnknownIncident:
        return False
    entries = case.ledger.entries(incident) if own else []
    return cut_off(entries, ours=incident == case.incident.id)


def cut_off(entries: Iterable[Entry], *, ours: bool = False) -> bool:
    """Whether an act that runs the command began, and its end was never written.

    `ours`: of this very run's incident; an act that begins it anew is under way, and has not come to the command yet.
    """
    acts = [entry for entry in entries if "act" in entry.data and entry.kind in OF_ACTS]
    if ours and acts and acts[-1].kind == Happened.ACT_STARTED:
        acts.pop()
    last = next((entry for entry in reversed(acts) if entry.data["act"] in RUNS_THE_COMMAND), None)
    return last is not None and last.kind == Happened.ACT_STARTED
