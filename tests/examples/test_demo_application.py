"""The demo application, as real processes on a real PostgreSQL."""

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from blocks.process import is_alive
from examples.demo.accounts import hash_password, matches_password
from examples.demo.faults import Fault, Faulty
from examples.demo.schema import migrate
from examples.demo.stack import Release, Stack
from examples.demo.waiting import wait_until
from tests.examples.demo_slots import Running, client, running

GOOD = Release("1.0.0")


def person() -> dict[str, str]:
    return {"email": f"{uuid.uuid4().hex}@example.test", "password": "correct horse"}


def log_in(slot: httpx.Client, credentials: dict[str, str]) -> dict[str, str]:
    token = slot.post("/api/auth/login", json=credentials).raise_for_status().json()["token"]
    return {"Authorization": f"Bearer {token}"}


def registered(slot: httpx.Client) -> dict[str, str]:
    credentials = person()
    slot.post("/api/auth/register", json=credentials).raise_for_status()
    return log_in(slot, credentials)


def say(slot: Running, text: str) -> dict[str, str]:
    with connect(f"ws://{slot.slot.dial}/ws", proxy=None) as websocket:
        websocket.send(text)
        answer: dict[str, str] = json.loads(websocket.recv(timeout=10))
    return answer


def has_read_all(port: int) -> bool:
    """Whether the server at this port has read all that was sent to it: /proc/net/tcp, column rx_queue."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    queues = [row[4] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"]
    return bool(queues) and all(queue.endswith(":00000000") for queue in queues)


def health_becomes(slot: httpx.Client, status: str) -> None:
    wait_until(lambda: slot.get("/api/health").json()["status"] == status, f"health {status}")


def test_a_good_release_is_healthy_and_says_who_it_is(stack: Stack) -> None:
    with running(stack, "blue", GOOD) as blue:
        answer = blue.client.get("/api/health")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "healthy",
            "version": "1.0.0",
            "slot": "blue",
            "checks": {"database": "ok", "api": "ok"},
        }
        assert blue.client.get("/api/auth/health").json()["status"] == "healthy"
        assert "Version 1.0.0, served by blue" in blue.client.get("/").text
        assert "INFO Database connected" in blue.log.read_text()


def test_a_person_can_keep_a_journal_and_leave_nothing_behind(stack: Stack) -> None:
    with running(stack, "blue", GOOD) as blue:
        slot = blue.client
        credentials = person()
        assert slot.post("/api/auth/register", json=credentials).status_code == 201
        assert slot.post("/api/auth/register", json=credentials).status_code == 409
        slot.headers.update(log_in(slot, credentials))
        made = slot.post("/api/journal", json={"title": "Monday", "body": "It rained."})
        assert made.status_code == 201
        path = f"/api/journal/{made.json()['id']}"
        assert slot.put(path, json={"title": "Monday", "body": "It cleared up."}).status_code == 200
        assert slot.get(path).json()["body"] == "It cleared up."
        assert [entry["title"] for entry in slot.get("/api/journal").json()] == ["Monday"]
        assert slot.post("/api/chat", json={"message": "hello"}).json()["version"] == "1.0.0"
        assert slot.delete(path).status_code == 204
        assert slot.get(path).status_code == 404
        assert slot.delete("/api/users/me").status_code == 204
        assert slot.post("/api/auth/login", json=credentials).status_code == 401


def test_nobody_reads_without_a_session_or_in_anothers_journal(stack: Stack) -> None:
    with running(stack, "blue", GOOD) as blue:
        mine, theirs = registered(blue.client), registered(blue.client)
        made = blue.client.post("/api/journal", json={"title": "Mine", "body": ""}, headers=mine).json()
        assert blue.client.get("/api/journal").status_code == 401
        assert blue.client.get(f"/api/journal/{made['id']}", headers=theirs).status_code == 404
        assert blue.client.post("/api/auth/logout", headers=mine).status_code == 204
        assert blue.client.get("/api/journal", headers=mine).status_code == 401


def test_a_session_begun_on_one_slot_works_on_the_other(stack: Stack) -> None:
    with running(stack, "blue", GOOD) as blue, running(stack, "green", Release("1.1.0")) as green:
        session = registered(blue.client)
        assert green.client.get("/api/journal", headers=session).json() == []


def test_the_websocket_echoes_with_the_version(stack: Stack) -> None:
    with running(stack, "green", Release("1.1.0")) as green:
        assert say(green, "hello") == {"echo": "hello", "version": "1.1.0", "slot": "green"}


def test_metrics_count_users_requests_and_not_probes(stack: Stack) -> None:
    with running(stack, "blue", GOOD) as blue:
        for path in ("/", "/", "/api/journal", "/api/health"):
            blue.client.get(path)
        text = blue.client.get("/metrics").text
        assert 'http_requests_total{version="1.0.0",slot="blue",code="200"} 2' in text
        assert 'http_requests_total{version="1.0.0",slot="blue",code="401"} 1' in text
        assert 'http_request_errors_total{version="1.0.0",slot="blue"} 0' in text
        assert 'http_request_duration_seconds_count{version="1.0.0",slot="blue"} 3' in text


def test_errors_fail_a_third_of_the_requests_and_health_and_are_logged(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "errors")) as blue:
        health_becomes(blue.client, "unhealthy")
        assert blue.client.get("/api/health").status_code == 503
        statuses = [blue.client.get("/api/journal").status_code for _ in range(9)]
        assert statuses.count(500) == 3
        assert "ERROR GET /api/journal answered 500" in blue.log.read_text()
        assert 'http_request_errors_total{version="2.0.0",slot="blue"} 3' in blue.client.get("/metrics").text


def test_errors_begin_when_told(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "errors"), FAULT_AFTER="3600") as blue:
        assert blue.client.get("/api/health").json()["status"] == "healthy"


def test_broken_auth_fails_its_health_and_login_only(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "broken_auth")) as blue:
        assert blue.client.get("/api/health").json()["status"] == "healthy"
        assert blue.client.get("/api/auth/health").status_code == 503
        assert blue.client.post("/api/auth/login", json=person()).status_code == 500


def test_degraded_answers_200_and_says_so(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "degraded")) as blue:
        answer = blue.client.get("/api/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_websocket_refuses_the_handshake_while_http_is_well(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "websocket")) as blue:
        with pytest.raises(InvalidStatus):
            say(blue, "hello")
        assert blue.client.get("/api/health").json()["status"] == "healthy"


def test_crash_ends_the_process(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "crash"), FAULT_AFTER="0.5") as blue:
        wait_until(lambda: not is_alive(blue.process), "the crash")
        assert "ERROR out of memory" in blue.log.read_text()


def test_sigterm_lets_the_request_at_hand_finish(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "slow")) as blue:
        with socket.create_connection(("127.0.0.1", blue.slot.port), timeout=15) as connection:
            connection.sendall(b"GET /api/health HTTP/1.1\r\nHost: blue\r\nConnection: close\r\n\r\n")
            wait_until(lambda: has_read_all(blue.slot.port), "the request in the application")
            os.kill(blue.process.pid, signal.SIGTERM)
            with connection.makefile("rb") as answer:
                assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
                assert answer.read().endswith(b'"checks":{"database":"ok","api":"ok"}}')
        wait_until(lambda: not is_alive(blue.process), "the end of the slot")


@pytest.mark.full_matrix
def test_without_its_database_it_is_unhealthy_and_answers_503(stack_folder: Path) -> None:
    stack = Stack(stack_folder / "stack").up()
    try:
        with running(stack, "blue", GOOD) as blue:
            session = registered(blue.client)
            stack.down()
            answer = blue.client.get("/api/health")
            assert answer.status_code == 503
            assert answer.json()["checks"]["database"] == "failed"
            assert blue.client.get("/api/journal", headers=session).status_code == 503
            assert "ERROR" in blue.log.read_text()
    finally:
        stack.remove()


def test_two_slots_that_start_at_once_migrate_once(stack: Stack) -> None:
    url = f"{stack.database_url}&options=-csearch_path%3Dat_once"
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE SCHEMA at_once")
    with ThreadPoolExecutor(2) as together:
        applied = list(together.map(migrate, [url, url]))
    assert sorted(applied) == [[], ["0001"]]
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT version FROM schema_migrations").fetchall() == [("0001",)]


def test_through_the_proxy_it_is_the_same_application(stack: Stack) -> None:
    with running(stack, "blue", GOOD), client(stack.address) as public:
        assert public.get("/api/health").json()["slot"] == "blue"
        with connect(f"{stack.address.replace('http', 'ws')}/ws", proxy=None) as websocket:
            websocket.send("hello")
            assert json.loads(websocket.recv(timeout=10))["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"APP_VERSION": "1", "SLOT": "blue"}, "set DATABASE_URL in the environment"),
        (
            {"APP_VERSION": "1", "SLOT": "blue", "DATABASE_URL": "x", "FAULT": "lava"},
            "faults are none, errors",
        ),
    ],
)
def test_a_wrong_environment_is_said_and_exits_2(environment: dict[str, str], said: str) -> None:
    argv = [sys.executable, "-m", "examples.demo.application", "--port", "1"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr


def test_passwords_are_salted_and_checked() -> None:
    stored = hash_password("correct horse")
    assert matches_password("correct horse", stored)
    assert not matches_password("wrong horse", stored)
    assert stored != hash_password("correct horse")
    assert "correct" not in stored


def test_every_third_request_fails() -> None:
    faulty = Faulty(Fault.ERRORS, after=0)
    assert [faulty.fails_this_request() for _ in range(6)] == [False, False, True, False, False, True]
    assert not any(Faulty(Fault.NONE).fails_this_request() for _ in range(6))
