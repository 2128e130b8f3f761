"""`backout rollback` through a real serve: to its outcome, joined, detached, forced, in an emergency."""

import pytest

from blocks.host_lock import host_lock
from blocks.installation import Installation
from deployments.prefect_api import PrefectApi
from tests.deployments.cli.shop import APP, NEW, OLD, Shop, ctrl_c, ended
from tests.deployments.served import wait_for

CRITICAL = ("rollback", APP, "--severity", "critical")


def _closed(here: Installation, run: str) -> bool:
    incident = here.store.incident_of(run)
    return incident is not None and here.store.incident(incident).outcome is not None


def test_a_bad_release_is_taken_back_and_people_read_how(bad_shop: Shop, here: Installation) -> None:
    done = bad_shop.run(
        *CRITICAL, "--impact", "no log in", "--users", "7", "--downtime", "none", ROLLBACK_REASON="errors"
    )
    assert done.code == 0
    for word in ("survey", "switch", "verify", "rolled_back", "next:", "report.md"):
        assert word in done.out
    assert done.out.endswith("\n")
    assert bad_shop.serving == "blue"
    request = here.store.incidents(APP)[0].request
    assert (request.reason, request.impact, request.users, request.downtime) == (
        "errors",
        "no log in",
        7,
        "none",
    )
    assert request.by


def test_prefect_shows_what_was_done_and_what_is_next(bad_shop: Shop, api: PrefectApi) -> None:
    run = bad_shop.run(*CRITICAL, "--json").json["run"]
    wait_for(lambda: ". Next: find the cause" in api.state(run).message, "Prefect's last word on the run")
    assert f"`backout quarantine lift {APP} {NEW}`" in api.state(run).message

    def logged() -> bool:
        found = api.call("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}, "limit": 200})
        said = [row["message"] for row in found]
        return {"surveyed: green has the traffic", "traffic moved from green to blue"} <= set(said)

    wait_for(logged, "the run's log")


def test_a_script_gets_one_json_value(bad_shop: Shop) -> None:
    done = bad_shop.run(*CRITICAL, "--json")
    assert done.code == 0
    assert done.json["outcome"] == "rolled_back"
    assert done.json["joined"] is False
    assert bad_shop.run("report", done.json["run"]).code == 0


def test_an_emergency_asks_nobody(bad_shop: Shop) -> None:
    done = bad_shop.run("rollback", APP, "--runbook", "emergency", "--reason", "users are out", "--json")
    assert done.json["outcome"] == "rolled_back"
    assert bad_shop.serving == "blue"


@pytest.mark.full_matrix
def test_force_rollback_in_the_environment_is_said_aloud(bad_shop: Shop, here: Installation) -> None:
    refused = bad_shop.run("rollback", APP, FORCE_ROLLBACK="true")
    assert refused.code == 2
    assert "FORCE_ROLLBACK is set" in refused.err
    done = bad_shop.run("rollback", APP, "--json", FORCE_ROLLBACK="true", ROLLBACK_REASON="it is bad")
    assert "nobody will be asked" in done.err
    assert done.json["outcome"] == "rolled_back"
    assert here.store.incidents(APP)[0].request.force


@pytest.mark.full_matrix
def test_even_unhealthy_goes_on_where_force_is_given_too(shop: Shop, here: Installation) -> None:
    here.store.quarantine(APP, NEW, None)
    done = shop.run(
        "rollback", APP, "--to", NEW, "--force", "--even-unhealthy", "--reason", "I know better", "--json"
    )
    shop.good_release_serves()
    # It was switched, did not verify, and came back.
    assert (done.code, done.json["outcome"]) == (1, "went_back")


def test_a_dry_run_shows_the_plan_and_changes_nothing(bad_shop: Shop, here: Installation) -> None:
    before = len(here.store.incidents(APP))
    done = bad_shop.run("rollback", APP, "--dry-run", "--json")
    assert done.code == 0
    assert (done.json["decision"], done.json["to_release"]) == ("roll back", OLD)
    shown = bad_shop.run("rollback", APP, "--dry-run")
    assert "roll back" in shown.out
    assert "2.0 in green" in shown.out
    assert bad_shop.serving == "green"
    assert len(here.store.incidents(APP)) == before


@pytest.mark.full_matrix
def test_the_second_of_two_joins_the_first_and_says_so(bad_shop: Shop, here: Installation) -> None:
    before = len(here.store.incidents(APP))
    first, second = bad_shop.start(*CRITICAL), bad_shop.start(*CRITICAL)
    ends = [ended(first), ended(second)]
    assert [end.code for end in ends] == [0, 0]
    assert len(here.store.incidents(APP)) == before + 1
    assert sum("joined: incident" in end.said for end in ends) == 1


def test_ctrl_c_detaches_and_the_run_goes_on(bad_shop: Shop, here: Installation) -> None:
    # It acts, and cannot come to its end before it is allowed to.
    with host_lock(bad_shop.home, APP):
        command = bad_shop.start(*CRITICAL)
        wait_for(lambda: here.store.holder(APP), "the run's begin")
        ctrl_c(command)
        done = ended(command)
        assert bad_shop.serving == "green"
    assert done.code == 1
    assert f"backout status {APP}" in done.said
    assert "Traceback" not in done.said
    wait_for(lambda: here.store.incidents(APP)[0].outcome, "the end of the run")
    assert here.store.incidents(APP)[0].outcome == "rolled_back"
    assert here.store.holder(APP) is None


@pytest.mark.full_matrix
def test_no_wait_returns_at_once_with_the_run(bad_shop: Shop, here: Installation) -> None:
    done = bad_shop.run(*CRITICAL, "--no-wait", "--json")
    assert done.code == 0
    wait_for(lambda: _closed(here, done.json["run"]), "the end of the run")
    assert bad_shop.serving == "blue"


def test_a_run_by_break_glass_needs_neither_prefect_nor_store_and_is_reconciled(bad_shop: Shop) -> None:
    away = {
        "PREFECT_API_URL": "http://127.0.0.1:1/api",
        "BACKOUT_DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
    }
    file = str(bad_shop.stack.folder / "backout.yaml")
    done = bad_shop.run(
        "rollback", APP, "--break-glass", "--reason", "all is down", "--file", file, "--json", **away
    )
    assert (done.code, done.json["outcome"]) == (0, "rolled_back")
    assert bad_shop.serving == "blue"
    assert done.json["incident"] in bad_shop.run("reconcile").said
    assert "nothing to reconcile" in bad_shop.run("reconcile").said
    rows = bad_shop.run("audit", "--app", APP, "--json").json
    assert done.json["incident"] in [row["incident"] for row in rows]


def test_break_glass_shows_the_plan_and_finds_its_file_again(bad_shop: Shop) -> None:
    done = bad_shop.run("rollback", APP, "--break-glass", "--reason", "x", "--dry-run", "--to", OLD, "--json")
    assert done.json["to_release"] == OLD
    missing = bad_shop.run(
        "rollback", APP, "--break-glass", "--reason", "x", "--file", "/nosuch.yaml", "--json"
    )
    assert (missing.code, missing.json["error"]) == (2, "ConfigurationError")
