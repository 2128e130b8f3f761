"""The whole record as a file that others read: every entry of every incident, as JSON lines, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from domain.incident import Incident
from domain.journal import Entry
from domain.report.markdown import escape, moment
from domain.report.story import sentence

Format = Literal["jsonl", "csv", "md"]
COLUMNS = ("incident", "application", "seq", "at", "kind", "said", "data", "previous", "mac")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is worked out by spreadsheets, and texts of alerts are anybody's."""


class Recorded(BaseModel):
    """An incident with its journal, and what is wrong with that."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    entries: list[Entry]
    damage: list[str]


def export(records: Iterable[Recorded], form: Format) -> str:
    """All of them, in their order; ends with a line break where there is anything."""
    return WRITERS[form](records)


def _line(record: Recorded, entry: Entry) -> dict[str, Any]:
    """An entry as it was sealed, so that its mac can be checked elsewhere; and what it says."""
    return {
        **entry.model_dump(mode="json"),
        "application": record.incident.application,
        "said": sentence(entry),
    }


def lines(records: Iterable[Recorded]) -> Iterator[dict[str, Any]]:
    """Every entry as one mapping of JSON values."""
    return (_line(record, entry) for record in records for entry in record.entries)


def _jsonl(records: Iterable[Recorded]) -> str:
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines(records))


def _csv(records: Iterable[Recorded]) -> str:
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for line in lines(records):
        data = json.dumps(line["data"], ensure_ascii=False)
        rows.writerow({key: _harmless(cell) for key, cell in {**line, "data": data}.items()})
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _markdown(records: Iterable[Recorded]) -> str:
    return "\n".join(_chapter(record) for record in records)


def _chapter(record: Recorded) -> str:
    incident, plan = record.incident, record.incident.plan
    request = incident.request
    way = f"{plan.from_release} → {plan.to_release}" if plan else "no plan was made"
    head = [
        f"## {escape(incident.id)}",
        "",
        f"- Application: {escape(incident.application)}",
        f"- Asked for by: {escape(request.by or 'unknown')} ({escape(request.via)}), runbook {escape(request.runbook)}",
        f"- Why: {escape(request.reason or request.issue or 'not given')}",
        f"- Releases: {escape(way)}",
        f"- Outcome: {incident.outcome or 'open'}",
        f"- Journal: {escape('; '.join(record.damage)) if record.damage else 'whole'}",
        "",
        "| # | when (UTC) | kind | what |",
        "|---|---|---|---|",
    ]
    rows = [
        f"| {entry.seq} | {moment(entry.at)} | {escape(entry.kind)} | {escape(sentence(entry))} |"
        for entry in record.entries
    ]
    return "\n".join([*head, *rows, ""])


WRITERS: Mapping[Format, Callable[[Iterable[Recorded]], str]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "md": _markdown,
}
