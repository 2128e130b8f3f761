"""The journal as sentences, for the report's timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.findings import Finding, summary
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.report import afterwards_story, database_story
from domain.report.markdown import moment
from domain.report.phases import UNSHOWN
from domain.report.record import Record, error_text, findings
from domain.shares import in_words

Data = Mapping[str, Any]


class Line(BaseModel):
    """One line of the timeline. `after_s`: seconds since detection. `said` is plain text, not yet escaped."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    after_s: float
    said: str


def story(record: Record, detected: datetime, detection: list[Finding]) -> list[Line]:
    """Every entry that tells a reader something, after the finding that began it."""
    first = (
        [(min(row.at for row in detection), f"first bad sign: {detection[0].name}: {detection[0].said}")]
        if detection
        else []
    )
    rows = first + [(entry.at, said) for entry in record.entries if (said := sentence(entry))]
    return [Line(at=at, after_s=(at - detected).total_seconds(), said=said) for at, said in rows]


def sentence(entry: Entry) -> str:
    """What an entry says, in one line; empty for entries that only a machine reads. An unknown kind says its name."""
    if entry.kind in _SILENT or (entry.kind == Happened.ACT_DONE and entry.data.get("act") in UNSHOWN):
        return ""
    if entry.kind in {Happened.PREPARED, Happened.VERIFIED, Happened.WATCH_SAMPLE}:
        return _looked(entry)
    say = _SAY.get(entry.kind)
    return say(entry.data) if say else entry.kind


def _looked(entry: Entry) -> str:
    seen = findings(entry)
    if entry.kind == Happened.WATCH_SAMPLE:
        return "" if all(row.ok for row in seen) else f"the watch saw {summary(seen)}"
    slot = entry.data.get("slot", "the target")
    if entry.kind == Happened.PREPARED:
        said = "; ".join(text for text in (entry.data.get("said"), summary(seen) if seen else "") if text)
        return f"{slot} is ready: {said}" if said else f"{slot} is ready"
    return (
        f"{slot} verified: {summary(seen)}"
        if entry.data.get("ok")
        else f"{slot} did not verify: {summary(seen)}"
    )


def _opened(data: Data) -> str:
    request = data.get("request") or {}
    reason = f": {request['reason']}" if request.get("reason") else ""
    return f"{request.get('runbook', 'rollback')} asked for by {request.get('by') or 'unknown'}{reason}"


def _surveyed(data: Data) -> str:
    survey = data.get("survey") or {}
    if survey.get("shares"):
        return f"surveyed: traffic is shared out: {in_words(survey['shares'])}"
    return f"surveyed: {survey.get('serving') or 'no known slot'} has the traffic"


def _planned(data: Data) -> str:
    plan = data.get("plan") or {}
    target, flag = plan.get("to_release"), plan.get("flag")
    first = f"turn {flag} off first, else " if flag else ""
    return f"decided: {first}{plan.get('decision', 'unknown')}" + (f" (target {target})" if target else "")


def _asked(data: Data) -> str:
    gate = data.get("gate")
    what = f" to more than {gate['share']} % of the traffic" if gate else ""
    return f"asked for consent{what} until {_time(data.get('deadline'))}"


def _answered(data: Data) -> str:
    approval = data.get("approval") or {}
    if approval.get("via") == "deadline":
        return f"the deadline passed: {approval.get('answer')}"
    none = ", and no reason" if approval.get("answer") == "reject" else ""
    reason = f": {approval['reason']}" if approval.get("reason") else none
    instead = f" {approval['instead']}" if approval.get("instead") else ""
    return f"{approval.get('person')} said {approval.get('answer')}{instead} ({approval.get('via')}){reason}"


def _aligned(data: Data) -> str:
    left = [f"not done: {row}" for row in data.get("left") or []]
    said = "; ".join([*(data.get("done") or []), *left])
    return f"in line with {data.get('slot')}: {said}" if said else ""


def _done(data: Data) -> str:
    seconds = data.get("seconds")
    return f"{data.get('act')} done" + (f" in {float(seconds):.2f} s" if seconds is not None else "")


def _moved(data: Data) -> str:
    receipt = data.get("receipt") or {}
    if not receipt.get("changed", True):
        return f"{receipt.get('after')} already had the traffic"
    also = "; ".join(receipt[field] for field in ("cost", "kept") if receipt.get(field))
    said = f" ({also})" if also else ""
    return f"traffic moved from {receipt.get('before')} to {receipt.get('after')}{said}"


def _cost(data: Data) -> str:
    cost = (data.get("receipt") or {}).get("cost")
    return f" ({cost})" if cost else ""


def _judged(well: str, badly: str) -> Callable[[Data], str]:
    """Says which, and why where it is the worse; `why` is empty where all is well."""
    return lambda data: f"{badly}: {data['why']}" if data.get("why") else well


def _went_back(data: Data) -> str:
    return f"went back: {_moved(data)}, because {error_text(data.get('error'))}"


def _watch_ended(data: Data) -> str:
    return f"the watch ended {'well' if data.get('ok') else 'badly'}: {data.get('why') or 'nothing was seen'}"


def _told(data: Data) -> str:
    return f"filled in: {', '.join(key.replace('_', ' ') for key in data)}"


def _alerted(data: Data) -> str:
    rows = data.get("alerts") or []
    said = [
        f"{row.get('sender')}: {row.get('name')}{' is over' if row.get('status') == 'resolved' else ''}"
        for row in rows
    ]
    more = (data.get("count") or len(rows)) - len(rows)
    return f"alerts that came meanwhile: {'; '.join(said)}{f'; and {more} more' if more > 0 else ''}"


def _taken_over(data: Data) -> str:
    if data.get("again"):
        return f"run {data.get('run')} goes on"
    return f"taken over by {'--break-glass' if data.get('via') == 'break-glass' else 'run'} {data.get('run')}"


def _time(value: Any) -> str:
    """A time as it was journaled, as people write it."""
    try:
        return moment(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _kept_so(data: Data) -> str:
    kept = data.get("kept") or []
    return f": {'; '.join(str(row) for row in kept)}" if kept else ""


def _listed(value: Any) -> str:
    return ", ".join(str(row) for row in value or []) or "nobody"


_SILENT = {Happened.ACT_STARTED, Happened.MESSAGE_SENT, Happened.REPORTED}

_SAY: Mapping[str, Callable[[Data], str]] = {
    Happened.OPENED: _opened,
    Happened.JOINED: lambda data: f"{data.get('by')} asked for the same and joined",
    Happened.ALERTED: _alerted,
    Happened.SUPERSEDES: lambda data: f"went before incident {data.get('incident')}, which waited",
    Happened.TAKEN_OVER: _taken_over,
    Happened.SURVEYED: _surveyed,
    Happened.PLANNED: _planned,
    Happened.ANNOUNCED: lambda data: f"announced to {_listed(data.get('channels'))}",
    Happened.CONSENT_ASKED: _asked,
    Happened.ANSWERED: _answered,
    Happened.CALLED: lambda data: f"nobody had answered: {data.get('who')} was called ({data.get('reach')})",
    Happened.CODE_GIVEN: lambda data: (
        f"{data.get('person')} took a one-time code, until {_time(data.get('until'))}"
    ),
    Happened.CODE_REFUSED: lambda data: f"{data.get('name')} typed a code into the form that is not valid",
    Happened.INSTEAD: lambda data: f"{data.get('what')} was started instead: run {data.get('run')}",
    Happened.RESUMED: lambda _data: "resumed",
    Happened.PRESERVED: lambda data: f"evidence kept: {len(data.get('files') or [])} files",
    Happened.ACT_DONE: _done,
    Happened.ACT_FAILED: lambda data: f"{data.get('act')} failed: {error_text(data.get('error'))}",
    Happened.TURNED_OFF: lambda data: f"{data.get('part')} turned off{_cost(data)}",
    Happened.LOOKED_AGAIN: _judged("users are well with it off", "turning it off does not help"),
    Happened.COMPARED: _judged("users are better off than before", "users are no better off"),
    Happened.RESTARTING: lambda data: f"about to restart {_listed(data.get('instances'))}",
    Happened.RESTARTED: lambda data: f"{data.get('slot')} was restarted: {_listed(data.get('instances'))}",
    Happened.VALIDATED: _judged("what must pass before it did", "what must pass before it did not"),
    Happened.MIGRATED_UP: lambda data: f"migrated up: {_listed(data.get('versions'))}",
    Happened.INSTALLED: lambda data: f"{data.get('release')} was put into {data.get('slot')}",
    Happened.WAY_BACK: lambda data: f"the way back to {data.get('release')} is kept{_kept_so(data)}",
    Happened.SAMPLED: lambda data: (
        f"asked before it is replaced: {data.get('errors')} of {data.get('requests')} requests failed"
    ),
    Happened.SHIFTED: lambda data: f"traffic shared out: {data.get('said')}",
    Happened.GATE_CLOSED: lambda data: f"no yes to more than {data.get('share')} %: {data.get('why')}",
    Happened.JUDGED: lambda data: f"at {data.get('share')} %: {data.get('verdict')}: {data.get('said')}",
    Happened.SWITCHED: _moved,
    Happened.WENT_BACK: _went_back,
    Happened.ALIGNED: _aligned,
    Happened.WATCH_STARTED: lambda data: f"watching until {_time(data.get('until'))}",
    Happened.WATCH_ENDED: _watch_ended,
    **afterwards_story.SAY,
    Happened.TOLD: _told,
    Happened.MESSAGE_WAITS: lambda data: f"the message to {data.get('channel')} waits: the store was away",
    Happened.MESSAGE_FAILED: lambda data: f"channel {data.get('channel')} was not reached: {data.get('why')}",
    Happened.ENDING: lambda data: f"ends as {str(data.get('outcome')).replace('_', ' ')}: {data.get('why')}",
    Happened.CLOSED: lambda data: f"closed: {str(data.get('outcome')).replace('_', ' ')}",
    **database_story.SAY,
    Happened.RECONCILED: lambda data: f"read from the local journal {data.get('from')}",
}
