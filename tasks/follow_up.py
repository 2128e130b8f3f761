"""Follow-up: look again at what serves, say what is open, once. It holds no lock, and switches nothing."""

from blocks.store.quarantine import lifts
from domain.checklist import items, left
from domain.errors import BackoutError, StoreUnavailable
from domain.findings import Finding, Verdict
from domain.follow_up import Step, review, told
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.reminder import Around, Looked, lines
from domain.report.facts import Facts
from domain.report.render import post_mortem
from tasks.case import Case
from tasks.checklist import write_checklist, write_post_mortem
from tasks.finish import keep_head
from tasks.look import through_router
from tasks.read_logs import LINES, log_errors
from tasks.report import facts_of
from tasks.tell import tell


def follow_up(case: Case, step: Step) -> str:
    """Look, write, tell; in one line what became of it. Killed on the way and started again, it tells once."""
    if step in told(case.ledger.entries(case.incident.id)):
        return "it was told before"
    if not case.document.policy.follow_ups.enabled:
        case.note(Happened.FOLLOWED_UP, step=step, channels=[], open=[], newer=None, off=True)
        return "policy.follow_ups is off by now: nothing is told"
    looked = look_after(case, step)
    facts = facts_of(case, case.incident)
    around = _around(case, step, facts)
    said = lines(step, facts, looked, around)
    names = tell(case, Moment.FOLLOW_UP, facts=facts, said=said, once=step)
    still = [row.key for row in left(items(facts))]
    newer = around.newer[0].id if around.newer else None
    case.note(Happened.FOLLOWED_UP, step=step, channels=names, open=still, newer=newer)
    keep_head(case)
    return f"told to {', '.join(names) or 'nobody: no channel hears of it'}; {len(still)} items are open"


def look_after(case: Case, step: Step) -> Looked:
    """Health and checks as users have them, errors in the log, the database. What cannot be looked at is no data."""
    looked = _looked(case)
    case.note(Happened.LOOKED_AFTER, step=step, **looked.model_dump(mode="json"))
    return looked


def _looked(case: Case) -> Looked:
    document = case.document
    database = document.database.observe() if document.database else []
    try:
        serving = document.platform.route().slot
        release = document.platform.slot(serving).version if serving else None
        log = [log_errors(serving, document.platform.logs(serving, LINES))] if serving else []
        seen = through_router(document, [document.health, *document.checks], serving)
    except StoreUnavailable:
        raise
    except BackoutError as error:
        away = Finding(name="platform", on=document.platform.kind, verdict=Verdict.NO_DATA, said=error.what())
        return Looked(findings=[away, *database])
    return Looked(findings=[*seen, *database, *log], serving=serving, release=release)


def _around(case: Case, step: Step, facts: Facts) -> Around:
    store, incident = case.installation.store, case.incident
    bad = facts.plan.from_release if facts.plan else None
    lifted = [row for row in lifts(store, incident.application) if row.incident == incident.id]
    held = any(
        row.version == bad and row.quarantined_by == incident.id
        for row in store.releases(incident.application)
    )
    due = review(incident.closed_at or incident.opened_at, case.document.policy.follow_ups)
    around = Around(newer=_newer(case), review=due, held=held, lifted=next(iter(lifted), None))
    return around.model_copy(update={"files": _written(case, step, facts, around)})


def _newer(case: Case) -> list[Incident]:
    rows = case.ledger.incidents(case.incident.application, case.incident.opened_at)
    return [row for row in rows if row.id != case.incident.id]


def _written(case: Case, step: Step, facts: Facts, around: Around) -> dict[str, str]:
    """Title -> path. A full disk keeps nobody from being told."""
    try:
        files = {"checklist": write_checklist(case, facts)}
        if step is Step.POST_MORTEM:
            draft = write_post_mortem(case, facts, post_mortem(facts, around.review))
            files = {"draft, with timeline, decisions and samples": draft, **files}
    except StoreUnavailable:
        raise
    except BackoutError as error:
        case.note(Happened.ACT_FAILED, act="write the follow-up's files", error=str(error))
        return {"not written": error.what()}
    return files
