"""`backout audit`, `audit verify`, `report`."""

import csv
import json
from pathlib import Path

import pytest

from blocks.installation import Installation
from tests.blocks.waiting import wait_until
from tests.deployments.cli.shop import APP, Shop


@pytest.fixture(scope="module")
def incident(shop: Shop) -> str:
    """One that was rolled back."""
    shop.bad_release_serves()
    done = shop.run("rollback", APP, "--severity", "critical", "--reason", "it | breaks", "--json")
    assert done.code == 0
    # The command ends with its incident; Prefect has the run's last state moments later.
    wait_until(
        lambda: "RolledBack" in shop.run("audit", "--app", APP, "--json").out, "the run's end in Prefect"
    )
    return str(done.json["incident"])


def test_audit_reads_journal_and_prefect_as_one(shop: Shop, incident: str) -> None:
    row = shop.run("audit", "--app", APP, "--json").json[0]
    assert row["incident"] == incident
    assert (row["via"], row["why"], row["outcome"]) == ("cli", "it | breaks", "rolled_back")
    assert (row["from_release"], row["to_release"]) == ("2.0", "1.0")
    assert list(row["prefect"].values()) == ["RolledBack"]
    assert row["entries"] > 10


def test_its_formats(shop: Shop, incident: str) -> None:
    lines = shop.run("audit", "--format", "jsonl").out.splitlines()
    assert incident in [json.loads(line)["incident"] for line in lines]
    markdown = shop.run("audit", "--format", "md").out.splitlines()
    assert markdown[1].startswith("|---|")
    assert "it \\| breaks" in shop.run("audit", "--format", "md").out
    assert len(markdown) == len(lines) + 2
    assert shop.run("audit", "--format", "xml").code == 2


def test_the_whole_record_is_exported(shop: Shop, incident: str, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in shop.run("audit", "export").out.splitlines()]
    ours = [line for line in lines if line["incident"] == incident]
    assert [line["seq"] for line in ours] == list(range(1, len(ours) + 1))
    file = tmp_path / "journal.csv"
    done = shop.run("audit", "export", "--app", APP, "--format", "csv", "--output", str(file), "--json")
    assert done.json["entries"] >= len(ours)
    assert file.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["mac"] for row in rows if row["incident"] == incident] == [line["mac"] for line in ours]
    assert f"## {incident}" in shop.run("audit", "export", "--format", "md", "--since", "1h").out
    assert shop.run("audit", "export", "--output", "/nowhere/at/all").code == 2


def test_a_decision_is_made_again_from_the_record(shop: Shop, incident: str, here: Installation) -> None:
    done = shop.run("explain", incident, "--json")
    assert (done.code, done.json["same"]) == (0, True), done
    assert {step["name"]: step["same"] for step in done.json["steps"]}["plan"] is True
    [run] = here.store.runs_of(incident)
    shown = shop.run("explain", run)
    assert shown.code == 0
    assert "the record leads to the same decisions" in shown.said
    assert shop.run("explain", "nothing-like-it").code == 2


@pytest.mark.parametrize("columns", ["80", "200"])
def test_its_table_fits_the_terminal_and_hides_nothing(shop: Shop, incident: str, columns: str) -> None:
    shown = shop.run("audit", "--app", APP, COLUMNS=columns).out
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= int(columns)
    for word in (incident, APP, "rolled_back", "RolledBack", "it | breaks"):
        assert word in shown


@pytest.mark.parametrize(
    ("since", "found"), [("1h", True), ("4w", True), ("2020-01-01", True), ("2999-01-01", False)]
)
def test_since(shop: Shop, incident: str, since: str, found: bool) -> None:
    rows = shop.run("audit", "--since", since, "--json").json
    assert (incident in [row["incident"] for row in rows]) is found


def test_verify_finds_a_changed_entry(shop: Shop, incident: str, here: Installation) -> None:
    assert "every journal is whole" in shop.run("audit", "verify").said
    change = "UPDATE journal SET data = %s::json WHERE incident = %s AND seq = 2"
    with here.store.database.transaction() as connection:
        kept = connection.execute(
            "SELECT data::text AS data FROM journal WHERE incident = %s AND seq = 2", [incident]
        ).fetchone()
        assert kept is not None
        connection.execute(change, ['{"changed": true}', incident])
    try:
        explained = shop.run("explain", incident)
        done = shop.run("audit", "verify", "--json")
        shown = shop.run("audit", "verify")
    finally:
        with here.store.database.transaction() as connection:
            connection.execute(change, [kept["data"], incident])
    assert done.code == shown.code == explained.code == 1
    assert "the journal cannot be believed" in explained.said
    assert list(done.json) == [incident]
    assert incident in shown.said


def test_a_report_is_printed_and_takes_what_people_fill_in(shop: Shop, incident: str) -> None:
    before = shop.run("report", incident, "--json").json
    assert "root_cause" in " ".join(before["open"]).replace(" ", "_").lower()
    done = shop.run("report", incident, "--set", "root_cause=a = b", "--set", "lessons=test it", "--json")
    assert len(done.json["open"]) < len(before["open"])
    assert "a = b" in Path(done.json["report"]).read_text()
    shown = shop.run("report", incident)
    assert shown.code == 0
    assert "test it" in shown.out
    assert done.json["report"] in shown.said
