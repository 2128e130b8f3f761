"""The record as files: whole, checkable, and harmless to whatever opens it."""

import csv
import io
import json

import pytest

from domain.journal import Entry, following, problems
from domain.report.export import COLUMNS, Format, Recorded, export
from tests.domain.report import story

KEY = b"journal"
FORMULA = '=HYPERLINK("http://evil")'


def recorded(damage: list[str] | None = None) -> Recorded:
    incident, entries = story.automatic(cost="2 connections | closed")
    last: Entry | None = None
    sealed = []
    for entry in [*entries, Entry(incident="x", seq=99, at=story.at(9), kind=FORMULA)]:
        last = following(last, incident.id, entry.kind, entry.data, KEY)
        sealed.append(last)
    return Recorded(incident=incident, entries=sealed, damage=damage or [])


def test_each_line_of_json_can_be_checked_elsewhere() -> None:
    record = recorded()
    lines = [json.loads(line) for line in export([record, record], "jsonl").splitlines()]
    assert len(lines) == 2 * len(record.entries)
    assert {line["application"] for line in lines} == {story.APPLICATION}
    again = [Entry.model_validate({key: line[key] for key in Entry.model_fields}) for line in lines]
    half = len(record.entries)
    assert problems(again[:half], KEY, record.entries[-1].mac) == []
    assert "traffic moved from green to blue" in " ".join(line["said"] for line in lines)


def test_the_table_holds_all_and_no_formula() -> None:
    record = recorded()
    rows = list(csv.DictReader(io.StringIO(export([record], "csv"))))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["mac"] for row in rows] == [entry.mac for entry in record.entries]
    assert json.loads(rows[0]["data"]) == record.entries[0].data
    assert rows[-1]["said"] == f"'{FORMULA}"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]


def test_the_text_is_a_table_that_nothing_breaks_out_of() -> None:
    text = export([recorded(["entry 3 was changed"])], "md")
    assert "Journal: entry 3 was changed" in text
    rows = [line for line in text.splitlines() if line.startswith("| ") and "moved from" in line]
    assert "2 connections \\| closed" in rows[0]
    assert "Journal: whole" in export([recorded()], "md")


@pytest.mark.parametrize("form", ["jsonl", "csv", "md"])
def test_no_incident_is_no_error(form: Format) -> None:
    assert export([], form) == (",".join(COLUMNS) + "\n" if form == "csv" else "")
