"""Aftermath: what an emergency puts off until users are served. Each act once, whoever comes to it, however often."""

from collections.abc import Callable

from domain.errors import BackoutError, StoreUnavailable
from domain.journal import Entry
from domain.journal_kinds import Happened
from tasks.case import Case
from tasks.finish import keep_head, last_words
from tasks.preserve import preserve
from tasks.report import facts_of, write_report
from tasks.tell import announce


def aftermath(case: Case) -> None:
    """First words, evidence, report, last words of an incident that has ended, as far as they are not there yet.

    A no-op where nothing was put off. The journal says what is done: killed in the middle, it goes on from there. What
    fails is in the journal, and keeps nothing else back.

    Raises:
        StoreUnavailable: what is left can be done later.
    """
    entries = case.ledger.entries(case.incident.id)
    ending = _put_off(entries)
    if ending is None:
        return
    done = {entry.data["act"] for entry in entries if entry.kind == Happened.ACT_DONE}
    acts: dict[str, Callable[[], object]] = {
        "announce": lambda: announce(case),
        "preserve": lambda: preserve(case, case.plan),
        "report": lambda: write_report(case, case.incident),
        "tell": lambda: last_words(case, case.incident, facts_of(case, case.incident), ending.data["why"]),
    }
    left = [act for name, act in acts.items() if name not in done]
    for act in left:
        _tried(act)
    if left:
        keep_head(case)


def _put_off(entries: list[Entry]) -> Entry | None:
    """How the incident ended, where something was put off then."""
    endings = [entry for entry in entries if entry.kind == Happened.ENDING]
    return endings[-1] if endings and endings[-1].data.get("put_off") else None


def _tried(act: Callable[[], object]) -> None:
    try:
        act()
    except StoreUnavailable:
        raise
    except BackoutError:
        return  # the act noted it
