"""`backout approve` and `reject`, and the question at the prompt."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blocks.installation import Installation
from tests.deployments.cli.shop import APP, OLD, Shop
from tests.deployments.cli.variants import PAIR
from tests.deployments.served import wait_for


def _asked(shop: Shop, app: str = APP) -> dict[str, Any]:
    """A rollback that waits for consent."""
    done = shop.run("rollback", app, "--severity", "high", "--reason", "slow", "--json")
    assert (done.code, done.json["waits_for"]) == (1, "consent")
    found: dict[str, Any] = done.json
    return found


def _wait_closed(here: Installation, incident: str) -> str:
    wait_for(lambda: here.store.incident(incident).outcome, f"the end of {incident}")
    return str(here.store.incident(incident).outcome)


def test_a_yes_by_incident_carries_the_plan_out_and_a_late_one_is_told_so(
    bad_shop: Shop, here: Installation
) -> None:
    incident = _asked(bad_shop)["incident"]
    assert bad_shop.run("approve", incident, "--reason", "go", "--json").json["stands"] == "approved"
    assert _wait_closed(here, incident) == "rolled_back"
    assert bad_shop.serving == "blue"
    late = bad_shop.run("approve", incident)
    assert late.code == 1
    assert "it has ended: rolled_back" in late.said
    assert f"next: `backout report {incident}`" in late.said
    row = bad_shop.run("audit", "--app", APP, "--json").json[0]
    assert (len(row["approved_by"]), row["rejected_by"], row["moved"]) == (1, [], "yes")


@pytest.mark.full_matrix
def test_a_no_by_the_runs_id_needs_a_reason_and_changes_nothing(bad_shop: Shop, here: Installation) -> None:
    incident = _asked(bad_shop)["incident"]
    run = here.store.runs_of(incident)[0]
    without = bad_shop.run("reject", run)
    assert without.code == 1
    assert f"next: `backout reject {run} --reason" in without.said
    assert bad_shop.run("reject", run, "--reason", "fix it forward").code == 0
    assert _wait_closed(here, incident) == "rejected"
    assert bad_shop.serving == "green"
    row = bad_shop.run("audit", "--app", APP, "--json").json[0]
    assert (row["approved_by"], len(row["rejected_by"]), row["moved"]) == ([], 1, "no")
    shown = bad_shop.run("audit", "--app", APP, "--since", "1m").out.partition(incident)[0]
    assert "planned" in shown
    assert "2.0 -> 1.0" in shown
    assert "moved" not in shown
    assert "approved by" not in shown


@pytest.mark.full_matrix
def test_status_says_that_it_waits_for_whom_until_when_and_how_to_answer(
    bad_shop: Shop, here: Installation
) -> None:
    incident = _asked(bad_shop)["incident"]
    waits = bad_shop.run("status", APP, "--json").json["waits"]
    shown = bad_shop.run("status", APP)
    assert (waits["incident"], waits["people"], waits["at_deadline"]) == (incident, 1, "reject")
    assert f"waits for consent of 1 person until {waits['until'][11:19]} UTC; then: reject" in shown.said
    assert f"backout approve {incident}" in shown.said
    assert waits["instead"] == ["restart", "hotfix"]
    assert f"instead: backout answer {incident} --instead restart|hotfix:RELEASE" in shown.said
    assert f"backout reject {incident} --reason" in shown.said
    assert bad_shop.run("reject", incident, "--reason", "enough").code == 0
    assert _wait_closed(here, incident) == "rejected"
    assert bad_shop.run("status", APP, "--json").json["waits"] is None


def test_yes_answers_for_the_person_who_asks(bad_shop: Shop) -> None:
    done = bad_shop.run("rollback", APP, "--severity", "high", "--reason", "slow", "--yes")
    assert done.code == 0
    assert "consent" in done.out
    assert "rolled_back" in done.out


@pytest.mark.full_matrix
def test_where_two_people_are_asked_one_yes_is_kept_and_waits(bad_shop: Shop, here: Installation) -> None:
    here.store.served(PAIR, OLD, datetime.now(UTC))
    done = bad_shop.run("rollback", PAIR, "--severity", "high", "--reason", "slow", "--yes", "--json")
    assert done.code == 1
    assert "another person" in done.json["why"]
    assert bad_shop.run("reject", done.json["incident"], "--reason", "enough").code == 0
    assert _wait_closed(here, done.json["incident"]) == "rejected"


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_an_incident_that_asks_nobody_takes_no_answer(bad_shop: Shop, name: str) -> None:
    done = bad_shop.run("rollback", APP, "--severity", "critical", "--json")
    answer = bad_shop.run(name, done.json["incident"], "--reason", "late", "--json")
    assert (answer.code, answer.json["error"]) == (1, "NotAllowed")
