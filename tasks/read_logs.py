"""Read logs: error lines of what serves, right after a release (FlappyJournal scenario 3, Jarvis step 1: the last 100 lines)."""

import re
from collections.abc import Sequence

from domain.findings import Finding, Verdict
from domain.release import Survey
from tasks.act import act
from tasks.case import Case

LINES = 100
LONGEST = 200
ERRORS = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b|Traceback")


@act("read logs")
def read_logs(case: Case, seen: Survey) -> Survey:
    """The survey with what the serving slot's log says; it goes into the plan's reasons, and decides nothing alone."""
    if seen.serving is None:
        return seen
    found = log_errors(seen.serving, case.document.platform.logs(seen.serving, LINES))
    return seen.model_copy(update={"clues": [*seen.clues, found]})


def log_errors(slot: str, lines: Sequence[str]) -> Finding:
    """How many of the lines are errors, with the last one. No lines: no data."""
    errors = [line for line in lines if ERRORS.search(line)]
    said = f"{len(errors)} of the last {len(lines)} log lines are errors"
    last = f", the last: {errors[-1].strip()[:LONGEST]}" if errors else ""
    verdict = (Verdict.BAD if errors else Verdict.OK) if lines else Verdict.NO_DATA
    symptom = "errors" if errors else ""
    return Finding(
        name="log", on=slot, verdict=verdict, said=said + last, symptom=symptom, value=float(len(errors))
    )
