"""The demo's stack: real Caddy, real PostgreSQL."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

import domain.release
from blocks import configuration
from blocks.document import Document
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from blocks.signals.contract import Place
from blocks.signals.http import Http
from domain.findings import Finding, Verdict
from examples.demo.load import Load
from examples.demo.stack import DATABASE_VARIABLE, Release, Stack
from examples.demo.waiting import wait_until, wait_until_listening
from tests.examples.demo_slots import client, running, switch

HEALTH = Http.model_validate(
    {"kind": "http", "name": "health", "path": "/api/health", "expect": {"json": {"status": "healthy"}}}
)


def look(slot: domain.release.Slot) -> list[Finding]:
    return [HEALTH.observe(Place(slot.name, slot.address))]


def document_of(stack: Stack, blue: Release, green: Release) -> Document:
    """This stack's `backout.yaml` as Backout reads it."""
    [described] = configuration.read([stack.write_backout_yaml(blue, green)])
    return configuration.document(described.raw, described.source, stack.environment)


def platform_of(stack: Stack) -> Processes:
    platform = document_of(stack, Release("1.0.0"), Release("1.1.0")).platform
    assert isinstance(platform, Processes)
    return platform


def wait_for_requests(load: Load, count: int) -> None:
    window = load.tally.windows[-1]
    wait_until(lambda: window.requests >= count, f"{count} requests")


def smoke_accounts(stack: Stack) -> int:
    """How many accounts of the smoke test are left."""
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute("SELECT 1 FROM users WHERE email LIKE 'smoke-%'").fetchall()
    return len(rows)


def database_answers(stack: Stack) -> bool:
    try:
        with psycopg.connect(stack.database_url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_blue_serves_until_the_file_is_renamed(stack: Stack) -> None:
    with (
        running(stack, "blue", Release("1.0.0")),
        running(stack, "green", Release("1.1.0")),
        client(stack.address) as public,
    ):
        assert public.get("/api/health").json()["slot"] == "blue"
        switch(stack, "green")
        assert public.get("/api/health").json()["slot"] == "green"
        switch(stack, "blue")
        assert public.get("/api/health").json()["slot"] == "blue"


def test_switching_under_keep_alive_load_loses_no_request(stack: Stack) -> None:
    with running(stack, "blue", Release("1.0.0")), running(stack, "green", Release("1.1.0")):
        load = Load(f"{stack.address}/", clients=4, rate=300).start()
        for name in ("green", "blue") * 3:
            load.mark(name)
            switch(stack, name)
            wait_for_requests(load, 50)
        total = load.stop().total
    assert total.requests >= 300
    assert (total.lost.total(), total.errors) == (0, 0)


def test_without_a_slot_the_proxy_answers_502(stack: Stack) -> None:
    assert httpx.get(stack.address, trust_env=False).status_code == 502


def test_the_admin_socket_is_the_owners_alone(stack: Stack) -> None:
    mode = stack.proxy.admin_socket.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_requests_are_in_the_access_log(stack: Stack) -> None:
    httpx.get(f"{stack.address}/look-for-me", trust_env=False)
    lines = [json.loads(line) for line in stack.proxy.access_log.read_text().splitlines()]
    assert any(line["request"]["uri"] == "/look-for-me" and line["status"] == 502 for line in lines)


def test_two_stacks_do_not_know_of_each_other(stack: Stack, stack_folder: Path) -> None:
    other = Stack(stack_folder / "other").up()
    try:
        assert other.address != stack.address
        assert other.database_url != stack.database_url
        assert database_answers(other)
    finally:
        other.remove()
    assert not database_answers(other)
    assert database_answers(stack)
    assert httpx.get(stack.address, trust_env=False).status_code == 502


def test_a_deep_folder_works_too(stack_folder: Path) -> None:
    stack = Stack(stack_folder / ("deep" * 25) / ("deeper" * 10)).up()
    try:
        assert database_answers(stack)
        assert stat.S_ISSOCK(stack.proxy.admin_socket.stat().st_mode)
    finally:
        stack.remove()
    assert not stack.proxy.admin_socket.parent.exists()


def test_another_process_can_take_it_down(stack_folder: Path) -> None:
    up = "import sys; from pathlib import Path; from examples.demo.stack import Stack; Stack(Path(sys.argv[1])).up()"
    subprocess.run([sys.executable, "-c", up, str(stack_folder)], check=True)
    stack = Stack.attach(stack_folder)
    assert database_answers(stack)
    assert httpx.get(stack.address, trust_env=False).status_code == 502
    stack.down()
    assert not database_answers(stack)
    with pytest.raises(httpx.ConnectError):
        httpx.get(stack.address, trust_env=False)
    stack.down()
    with pytest.raises(FileNotFoundError):
        Stack.attach(stack_folder)


def test_what_cannot_start_leaves_nothing_running(stack_folder: Path) -> None:
    taken = Stack(stack_folder / "taken")
    taken.proxy.folder.mkdir(parents=True)
    taken.proxy.configuration_file.mkdir()
    with pytest.raises(IsADirectoryError):
        taken.up()
    assert not database_answers(taken)


def test_backouts_own_platform_runs_the_slots_and_switches_without_loss(stack: Stack) -> None:
    platform = platform_of(stack)
    try:
        platform.start("blue")
        wait_until_listening(stack.slots["blue"].port, "blue")
        assert isinstance(platform.prepare("green", look), Standing)
        load = Load(f"{stack.address}/", clients=4, rate=200).start()
        for name in ("green", "blue") * 3:
            load.mark(name)
            assert platform.activate(name, platform.route()).changed
            wait_for_requests(load, 40)
            assert httpx.get(f"{stack.address}/api/health", trust_env=False).json()["slot"] == name
        total = load.stop().total
        assert (total.lost.total(), total.errors) == (0, 0)
        assert total.requests >= 240
    finally:
        stack.stop_slots()
    assert not any(slot.running for slot in platform.slots())


def test_a_bad_release_comes_up_healthy_and_shows_itself_later(stack: Stack) -> None:
    platform = platform_of(stack)
    try:
        platform.deploy("green", "2.0.0", {"FAULT": "errors", "FAULT_AFTER": "4"})
        wait_until_listening(stack.slots["green"].port, "green")
        standing = platform.prepare("green", look)
        assert isinstance(standing, Standing)
        assert standing.slot.version == "2.0.0"
        wait_until(lambda: look(standing.slot)[0].verdict is Verdict.BAD, "the fault")
    finally:
        stack.stop_slots()


def test_every_check_of_the_document_passes_on_a_good_release(stack: Stack) -> None:
    document = document_of(stack, Release("1.0.0"), Release("1.1.0"))
    with running(stack, "blue", Release("1.0.0")):
        place = Place("router", stack.address)
        findings = [signal.observe(place) for signal in (document.health, *document.checks)]
        assert {finding.name: finding.verdict for finding in findings} == {
            finding.name: Verdict.OK for finding in findings
        }
        assert findings[0].version == "1.0.0"
        assert smoke_accounts(stack) == 0
        assert document.database is not None
        assert document.database.schema_version() == "0001"


@pytest.mark.parametrize(
    ("fault", "found_by"),
    [
        ("errors", {"health", "traffic", "smoke"}),
        pytest.param("slow", {"health", "traffic"}, marks=pytest.mark.full_matrix),
        ("broken_auth", {"auth", "smoke"}),
        ("degraded", {"health"}),
        ("websocket", {"websocket"}),
    ],
)
def test_each_fault_is_found_by_the_check_that_should(stack: Stack, fault: str, found_by: set[str]) -> None:
    document = document_of(stack, Release("1.0.0"), Release("1.1.0"))
    with running(stack, "blue", Release("2.0.0", fault), FAULT_AFTER="0"):
        place = Place("router", stack.address)
        findings = [signal.observe(place) for signal in (document.health, *document.checks)]
    assert {finding.name for finding in findings if finding.verdict is Verdict.BAD} == found_by


def test_the_document_names_slots_and_router_and_no_secret(stack: Stack) -> None:
    file = stack.write_backout_yaml(Release("1.0.0"), Release("2.0.0", "errors"), description="changed")
    text = file.read_text()
    [application] = yaml.safe_load(text)["applications"]
    assert application["name"] == "flappyjournal/production"
    assert application["description"] == "changed"
    platform = application["platform"]
    assert platform["slots"]["green"]["env"]["FAULT"] == "errors"
    assert platform["slots"]["blue"]["address"] == stack.slots["blue"].address
    assert platform["router"]["file"] == str(stack.active_file)
    assert platform["router"]["address"] == stack.address
    assert stack.database_url not in text
    assert stack.environment == {DATABASE_VARIABLE: stack.database_url}
