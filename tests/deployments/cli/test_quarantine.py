"""`backout quarantine` and `backout incidents`: asked at a terminal and without one, and what stays as it was."""

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.installation import Installation
from deployments.catalog import ROOT
from deployments.quarantine import recorded
from domain.errors import UnknownRelease
from domain.quarantine import REDEPLOYMENT
from tests.deployments.cli.shop import APP, COMMAND, NEW, PATIENCE_SECONDS, Shop

CONFIRMED = [part for row in REDEPLOYMENT for part in ("--confirm", row.key)]


@pytest.fixture(scope="module")
def rolled_back(shop: Shop) -> Iterator[str]:
    """An incident that rolled back from the bad release."""
    shop.bad_release_serves()
    done = shop.run("rollback", APP, "--severity", "critical", "--json")
    assert done.code == 0, done
    yield str(done.json["incident"])
    shop.good_release_serves()


@pytest.fixture
def incident(rolled_back: str, here: Installation) -> Iterator[str]:
    """The bad release is in quarantine since this one."""
    here.store.quarantine(APP, NEW, rolled_back)
    yield rolled_back
    here.store.quarantine(APP, NEW, None)


def held(here: Installation) -> str | None:
    return recorded(here, APP, NEW).quarantined_by


def typed(shop: Shop, answers: str, *arguments: str) -> tuple[int, str]:
    """The command at a terminal of its own, where somebody types; its exit code, and all that is shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=shop.environ(), cwd=ROOT, stdin=theirs,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        os.close(theirs)
        os.write(ours, answers.encode())
        shown, _ = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return process.returncode, " ".join(shown.split())


def test_without_a_terminal_each_item_is_confirmed_or_nothing_is_done(
    shop: Shop, here: Installation, incident: str
) -> None:
    refused = shop.run("quarantine", "lift", APP, NEW, *CONFIRMED[2:], "--json")
    assert (refused.code, refused.json["error"]) == (2, "BadUsage")
    assert REDEPLOYMENT[0].text in refused.json["what"]
    assert refused.json["next"].endswith("--confirm resolution")
    assert held(here) == incident
    done = shop.run("quarantine", "lift", APP, NEW, *CONFIRMED, "--note", "fixed in 2.1", "--json")
    assert (done.code, done.json["lifted"]["incident"]) == (0, incident)
    assert held(here) is None
    kept = [row.data for row in here.store.entries(incident) if row.kind == "quarantine lifted"][-1]
    assert (set(kept["answers"].values()), kept["note"]) == ({True}, "fixed in 2.1")
    assert here.store.problems(incident) == []
    again = shop.run("quarantine", "lift", APP, NEW)
    assert (again.code, again.said) == (0, f"{APP} {NEW} was not in quarantine")


def test_the_list_has_incident_and_report_and_how_it_is_lifted(
    shop: Shop, here: Installation, incident: str
) -> None:
    shown = shop.run("quarantine", "list", APP).said
    assert f"{APP} {NEW}: in quarantine since incident {incident}" in shown
    assert str(here.store.incident(incident).report) in shown
    assert f"lift: backout quarantine lift {APP} {NEW}" in shown


@pytest.mark.full_matrix
def test_at_a_terminal_each_item_is_asked_and_a_no_changes_nothing(
    shop: Shop, here: Installation, incident: str
) -> None:
    before = here.store.entries(incident)
    code, shown = typed(shop, "y\ny\nn\n", "quarantine", "lift", APP, NEW)
    assert code == 2
    assert f"no to '{REDEPLOYMENT[2].text}'; nothing was changed" in shown
    assert REDEPLOYMENT[3].text not in shown
    assert held(here) == incident
    assert "quarantine lifted" not in [row.kind for row in here.store.entries(incident)[len(before) :]]
    code, shown = typed(shop, "y\n" * 6, "quarantine", "lift", APP, NEW, "--confirm", "staging")
    assert code == 0, shown
    assert [row.text in shown for row in REDEPLOYMENT] == [row.key != "staging" for row in REDEPLOYMENT]
    assert f"lifted out of quarantine (since {incident})" in shown
    assert held(here) is None


def test_a_rollback_to_it_is_refused_with_its_incident_and_how_it_is_lifted(
    shop: Shop, here: Installation, incident: str
) -> None:
    done = shop.run("rollback", APP, "--to", NEW, "--severity", "critical", "--dry-run")
    assert f"quarantined since incident {incident}" in done.said
    assert f"backout report {incident}" in done.said
    assert f"backout quarantine lift {APP} {NEW}" in done.said
    with pytest.raises(UnknownRelease):
        recorded(here, APP, "9.9")


def test_what_only_a_person_knows_is_ticked_once(shop: Shop, here: Installation, incident: str) -> None:
    [row] = [one for one in shop.run("incidents", APP, "--open", "--json").json if one["id"] == incident]
    assert (row["outcome"], row["from_release"], row["open"]) == ("rolled_back", NEW, True)
    assert "root-cause" in row["open_items"]
    done = shop.run("incidents", "tick", incident, "root-cause", "--note", "monday 10:00", "--json")
    assert done.code == 0, done
    assert "root-cause" not in done.json["open_items"]
    [ticked] = [entry.data for entry in here.store.entries(incident) if entry.kind == "ticked"]
    assert (ticked["item"], ticked["note"]) == ("root-cause", "monday 10:00")
    files = Path(here.store.incident(incident).report or "").parent
    assert "monday 10:00" in (files / "checklist.md").read_text()
    assert "was ticked before" in shop.run("incidents", "tick", incident, "root-cause").said
    assert len([entry for entry in here.store.entries(incident) if entry.kind == "ticked"]) == 1
    shown = shop.run("incidents", APP).said
    assert f"{incident} rolled back" in shown
    assert "Fix plan created" in shown
