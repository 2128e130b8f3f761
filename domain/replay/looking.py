"""What was decided by looking: that the target is healthy, that a flag helped, that the target verified, that the watch ended well."""

from __future__ import annotations

from domain.condemn import against
from domain.effect import no_better, unrelieved
from domain.findings import Finding, all_ok
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.replay.step import Step, agreeing, counted, missing
from domain.report.record import Record, findings
from domain.soak import Sample, trouble

USERS = "router"
HEALTHY, UNPROVEN = "healthy", "not healthy"
HELPED, DID_NOT = "helped", "did not help"
VERIFIED, FAILED = "verified", "did not verify"
BETTER, NO_BETTER = "users are better off", "users are no better off"
WELL, TROUBLE = "nothing bad was seen", "trouble"
NO_HEALTH = "the record does not say which finding is the health"


def looks(record: Record, plan: Plan) -> list[Step]:
    """Every look that decided something, in its order."""
    deciding = {
        Happened.PREPARED: _prepared,
        Happened.LOOKED_AGAIN: _looked_again,
        Happened.VERIFIED: _verified,
        Happened.COMPARED: _compared,
        Happened.WATCH_ENDED: _watched,
    }
    return [
        deciding[Happened(entry.kind)](record, plan, entry)
        for entry in record.entries
        if entry.kind in deciding
    ]


def _seen(entry: Entry) -> tuple[list[Finding], str]:
    rows = findings(entry)
    return rows, counted(len(rows), "finding")


def _prepared(_record: Record, _plan: Plan, entry: Entry) -> Step:
    name, (rows, rests_on) = f"{entry.data.get('slot')} before the switch", _seen(entry)
    healthy = entry.data.get("healthy", True)
    recorded = HEALTHY if healthy else UNPROVEN
    if not rows:
        why = entry.data.get("why") or entry.data.get("said") or "there was nothing to look at"
        return missing(name, recorded if not healthy else "ready", f"no finding: {why}")
    if not healthy and all_ok(rows):
        return missing(name, recorded, f"the platform said so, not a finding: {entry.data.get('why')}")
    return agreeing(name, rests_on, recorded, HEALTHY if all_ok(rows) else UNPROVEN)


def _looked_again(record: Record, plan: Plan, entry: Entry) -> Step:
    rows, rests_on = _seen(entry)
    left = unrelieved(plan.seen, rows, health=entry.data["health"], users=USERS, fired=_fired(record))
    recorded = HELPED if entry.data["helped"] else DID_NOT
    return agreeing(
        f"{plan.flag} turned off", rests_on, recorded, DID_NOT if left else HELPED, "; ".join(left)
    )


def _fired(record: Record) -> set[str]:
    opened = record.first(Happened.OPENED)
    rows = (opened.data.get("request") or {}).get("detection", []) if opened else []
    return {str(row["name"]) for row in rows}


def _verified(_record: Record, plan: Plan, entry: Entry) -> Step:
    name, (rows, rests_on) = f"{entry.data.get('slot')} as users have it", _seen(entry)
    recorded = VERIFIED if entry.data["ok"] else FAILED
    health = entry.data.get("health")
    if health is None:
        return missing(name, recorded, NO_HEALTH)
    wrong = against(rows, health=health, users=USERS, before=plan.seen)
    return agreeing(name, rests_on, recorded, FAILED if wrong else VERIFIED, "; ".join(wrong))


def _compared(_record: Record, plan: Plan, entry: Entry) -> Step:
    rows, rests_on = _seen(entry)
    why = no_better(plan.seen, rows, users=USERS)
    recorded = BETTER if entry.data["better"] else NO_BETTER
    return agreeing("before and after", rests_on, recorded, NO_BETTER if why else BETTER, why or "")


def _watched(record: Record, _plan: Plan, entry: Entry) -> Step:
    samples = [Sample.model_validate(row.data) for row in record.all(Happened.WATCH_SAMPLE)]
    recorded = WELL if entry.data["ok"] else TROUBLE
    if not samples:
        return missing("watch", recorded, "no sample is on record")
    verified = record.last(Happened.VERIFIED)
    health = verified.data.get("health") if verified else None
    *earlier, last = samples
    bad = [row for row in last.findings if row.bad or (row.name == health and not row.ok)]
    wrong = [*(f"{row.name}: {row.said}" for row in bad), *trouble(earlier, last)]
    if not entry.data["ok"] and not wrong:
        return missing("watch", recorded, f"it is not in a sample: {entry.data.get('why')}")
    rests_on = counted(len(samples), "sample")
    return agreeing("watch", rests_on, recorded, TROUBLE if wrong else WELL, "; ".join(wrong))
