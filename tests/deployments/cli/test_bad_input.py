"""Every bad input of the issue: a clear error, nothing changed, 1 or 2."""

import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocks.installation import Installation
from tests.deployments.cli.shop import APP, NEW, OLD, Shop, closed_port, ctrl_c, ended
from tests.deployments.cli.variants import FULL, HANGING, NO_ADMIN, NO_FILE, SECRET, disk
from tests.deployments.served import wait_for
from tests.fakes.http_server import HttpServer, Reply


@pytest.fixture(autouse=True)
def _nothing_is_changed(shop: Shop, here: Installation) -> Iterator[None]:
    """The old release serves before and after each of them."""
    here.store.quarantine(APP, NEW, None)
    shop.good_release_serves()
    yield
    assert shop.serving == "blue"


@pytest.mark.parametrize(
    "command",
    [["rollback", "--severity", "critical"], ["validate"], ["status"], ["start-backup"], ["record", "1.0"]],
)
def test_an_unknown_application(shop: Shop, command: list[str]) -> None:
    name, *rest = command
    done = shop.run(name, "nosuch/app", *rest, "--json")
    assert done.code == 2
    assert done.json["error"] == "UnknownApplication"
    assert APP in done.json["what"]


def test_a_name_that_is_no_application(shop: Shop) -> None:
    done = shop.run("rollback", "shop")
    assert done.code == 2
    assert "shop/production" in done.said


@pytest.mark.parametrize("typed", ["9.9", "1.O", "blue"])
def test_a_release_that_no_slot_holds_starts_nothing(shop: Shop, here: Installation, typed: str) -> None:
    before = len(here.store.incidents(APP))
    for command in (["validate"], ["rollback", "--severity", "critical"], ["rollback", "--dry-run"]):
        name, *rest = command
        done = shop.run(name, APP, "--to", typed, *rest, "--json")
        assert (done.code, done.json["error"]) == (2, "UnknownRelease")
        assert f"no slot holds release '{typed}' (in slots: {OLD}, {NEW})" in done.json["what"]
    assert len(here.store.incidents(APP)) == before


def test_an_unknown_slot(shop: Shop) -> None:
    for command in (["record", APP, "3.0", "--slot", "red"], ["start-backup", APP, "red"]):
        done = shop.run(*command)
        assert done.code == 1
        assert "slot 'red' does not exist (slots: blue, green)" in done.said


def test_the_release_that_serves_is_nothing_to_do(shop: Shop) -> None:
    done = shop.run("rollback", APP, "--to", OLD, "--severity", "critical", "--json")
    assert done.code == 0
    assert done.json["outcome"] == "nothing_to_do"


def test_an_unhealthy_target(shop: Shop) -> None:
    done = shop.run("rollback", APP, "--to", NEW, "--force", "--reason", "a test")
    assert done.code == 1
    assert "held" in done.said
    assert "http 503" in done.said


def test_a_target_whose_health_hangs_ends_by_the_signals_timeout(shop: Shop) -> None:
    done = shop.run("validate", HANGING, "--to", NEW, "--json")
    assert done.code == 1
    assert done.json["decision"] == "hold"
    assert any("timeout" in why or "2" in why for why in done.json["why"]), done.json["why"]


def test_malformed_yaml_names_line_and_column(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "backout.yaml"
    file.write_text("applications:\n  - name: [shop\n")
    done = shop.run("apply", str(file))
    assert done.code == 2
    assert f"{file}: line 3, column 1" in done.err


def test_a_missing_file(shop: Shop, tmp_path: Path) -> None:
    done = shop.run("apply", str(tmp_path / "nosuch.yaml"), "--json")
    assert done.code == 2
    assert "nosuch.yaml" in done.json["what"]


def test_an_unknown_key_is_named_with_what_is_allowed(shop: Shop) -> None:
    file = shop.write("unknown-key.yaml", {**shop.entry("shop/production"), "helth": {}})
    done = shop.run("apply", str(file), "--json")
    assert done.code == 2
    assert "applications[0].helth" in done.json["what"]
    assert "health" in done.json["what"].partition("allowed")[2]


def test_a_missing_environment_variable(shop: Shop) -> None:
    done = shop.run("validate", SECRET, "--json")
    assert (done.code, done.json["error"]) == (2, "MissingSecret")
    assert "NOSUCH_VARIABLE" in done.json["what"]
    run = shop.run("rollback", SECRET, "--severity", "critical")
    assert run.code == 1
    assert "NOSUCH_VARIABLE" in run.said
    assert "Traceback" not in run.said
    shown = shop.run("status", "--json")
    assert shown.code == 0
    assert "NOSUCH_VARIABLE" in next(one["problem"] for one in shown.json if one["application"] == SECRET)


@pytest.mark.parametrize("command", [["rollback", APP, "--severity", "critical"], ["apply"]])
def test_prefects_server_is_down(shop: Shop, command: list[str]) -> None:
    url = f"http://127.0.0.1:{closed_port()}/api"
    given = [*command, str(shop.write("again.yaml", shop.entry()))] if command == ["apply"] else command
    done = shop.run(*given, PREFECT_API_URL=url)
    assert done.code == 1
    assert url in done.said
    assert "--break-glass" in done.said
    assert "Traceback" not in done.said


def test_prefects_server_accepts_and_never_answers(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        done = shop.run("rollback", APP, "--severity", "critical", "--json", PREFECT_API_URL=url)
    assert (done.code, done.json["error"]) == (1, "PrefectUnavailable")
    assert "--break-glass" in done.json["next"]


def test_a_server_that_is_not_prefects_or_refuses_us(shop: Shop) -> None:
    with HttpServer(lambda _seen: Reply(body="<html>")) as other:
        stranger = shop.run("rollback", APP, "--severity", "critical", "--json", PREFECT_API_URL=other.url)
    with HttpServer(lambda _seen: Reply(401, {"detail": "no"})) as other:
        refused = shop.run("rollback", APP, "--severity", "critical", "--json", PREFECT_API_URL=other.url)
    assert stranger.json["error"] == refused.json["error"] == "PrefectUnavailable"
    assert "PREFECT_API_AUTH_STRING" in refused.json["what"]


def test_the_routers_file_is_missing(shop: Shop) -> None:
    done = shop.run("rollback", NO_FILE, "--severity", "critical")
    assert done.code == 1
    assert "nosuch/active" in done.said.replace(" ", "")


def test_the_routers_admin_endpoint_is_down(shop: Shop) -> None:
    done = shop.run("rollback", NO_ADMIN, "--severity", "critical", "--json")
    assert done.code == 1
    assert done.json["outcome"] == "held"
    assert "does not answer" in done.json["why"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk that is full")
def test_a_full_disk_in_preserve(shop: Shop, here: Installation) -> None:
    here.store.served(FULL, OLD, datetime.now(UTC))
    disk(shop).mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(disk(shop))], check=True)
    try:
        shop.bad_release_serves()
        done = shop.run("rollback", FULL, "--severity", "critical", "--json")
        assert shop.serving == "green"
    finally:
        shop.good_release_serves()
        subprocess.run(["umount", str(disk(shop))], check=True)
    assert (done.code, done.json["outcome"]) == (1, "held")
    assert "No space left on device" in done.json["why"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--force"], "--reason"),
        (["--even-unhealthy"], "--force"),
        (["--break-glass"], "--reason"),
        (["--break-glass", "--reason", "x", "--runbook", "migration-failure"], "leaves the database alone"),
        (["--break-glass", "--reason", "x", "--runbook", "data-corruption"], "leaves the database alone"),
        (["--users", "-1"], "--users"),
        (["--runbook", "emergency", "--impact", "all"], "--impact"),
        (["--runbook", "post-deploy-issue", "--force", "--reason", "x"], "--force"),
        (["--flag", "integration"], "--flag"),
        (["--break-glass", "--reason", "x", "--runbook", "third-party-failure"], "one thing at a time"),
    ],
)
def test_options_that_do_not_go_together(shop: Shop, options: list[str], named: str) -> None:
    done = shop.run("rollback", APP, *options, "--json")
    assert (done.code, done.json["error"]) == (2, "BadUsage")
    assert named in done.json["what"]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["audit", "--since", "yesterday"], "--since"),
        (["report", "nosuch", "--set", "mood=bad"], "root_cause"),
        (["report", "nosuch", "--set", "root_cause"], "FIELD=TEXT"),
        (["record", APP, "3.0", "--image", "backend"], "SERVICE=DIGEST"),
        (["record", APP, "-x"], "x"),
        (["record", APP, "a b"], "VERSION"),
    ],
)
def test_values_that_are_none(shop: Shop, command: list[str], named: str) -> None:
    done = shop.run(*command, "--json")
    assert done.code == 2
    assert named in done.json["what"]


@pytest.mark.parametrize("command", [["report"], ["explain"], ["approve"], ["reject", "--reason", "no"]])
def test_an_unknown_incident(shop: Shop, command: list[str]) -> None:
    name, *rest = command
    done = shop.run(name, "nosuch", *rest, "--json")
    assert (done.code, done.json["error"]) == (2, "UnknownIncident")


def test_ctrl_c_before_the_run_is_made_starts_nothing(shop: Shop, here: Installation) -> None:
    before = len(here.store.incidents(APP))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        command = shop.start("rollback", APP, "--severity", "critical", PREFECT_API_URL=url)
        connection, _peer = silent.accept()
        wait_for(lambda: connection.recv(1), "the first request")
        ctrl_c(command)
        done = ended(command)
        connection.close()
    assert done.code != 0
    assert "Traceback" not in done.said
    assert len(here.store.incidents(APP)) == before
