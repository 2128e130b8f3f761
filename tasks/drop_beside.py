"""Drop beside: a backup that was restored for a plan which then did not come about leaves the disk again."""

from domain.errors import BackoutError, LostLock, StoreUnavailable
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of


def drop_beside(case: Case, outcome: Outcome) -> None:
    """Drop the databases beside that the incident made and did not use: rejected, expired, held, or not needed after all.

    So go those of an incident that waited, and that this one went before. Never the one in use, nor one that a swap kept:
    what was swapped in is no longer marked as ready. Where the incident is stuck all stay: people go on with what is
    there. One that somebody looks at stays, and so does all while the server is away: the journal says so.
    """
    names = [] if outcome is Outcome.STUCK else _made(case, case.incident.id)
    if not names:
        return
    try:
        _drop(case, names)
    except (LostLock, StoreUnavailable):
        raise
    except BackoutError:
        return  # noted by the act


@act("drop beside", changes=True)
def _drop(case: Case, names: list[str]) -> None:
    changes = changes_of(case.document, case.installation.home)
    for name in names:
        if changes.discard(name):
            case.note(Happened.DROPPED_BESIDE, database=name)


def _made(case: Case, incident: str) -> list[str]:
    """The databases that its runs restored, by the journal, each once; without those that are known to be dropped."""
    found: list[str] = []
    for entry in case.ledger.entries(incident):
        if entry.kind == Happened.STUDIED and entry.data["study"].get("beside"):
            found.append(entry.data["study"]["beside"]["database"])
        elif entry.kind == Happened.RESTORED_BESIDE:
            found.append(entry.data["database"])
        elif entry.kind == Happened.SUPERSEDES:
            found += _made(case, entry.data["incident"])
        elif entry.kind == Happened.DROPPED_BESIDE:
            found = [name for name in found if name != entry.data["database"]]
    return list(dict.fromkeys(found))
