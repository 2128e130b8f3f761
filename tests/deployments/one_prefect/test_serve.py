import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient

from blocks.home import Home
from tests.deployments.served import Served, start_run, start_serve, stop_serve, wait_for


@pytest.fixture
def other_home() -> Iterator[Home]:
    root = Path(tempfile.mkdtemp(prefix="backout-served-", dir="/tmp"))
    yield Home(root / "home")
    shutil.rmtree(root)


def _beside(served: Served, home: Home, pool: str, drain_seconds: float = 60) -> Served:
    """A second `serve`, on the Prefect server and the store of the first, with a home and a pool of its own."""
    beside = start_serve(
        home,
        pool,
        drain_seconds,
        PREFECT_API_URL=served.serving["prefect_api_url"],
        PREFECT_API_AUTH_STRING=served.auth(),
        BACKOUT_DATABASE_URL=served.serving["database_url"],
    )
    beside.wait_until_ready()
    return beside


def test_it_says_what_it_serves(served: Served) -> None:
    assert served.serving["pid"] == served.process.pid
    assert served.serving["database_url"].startswith("postgresql://postgres@/backout?host=")
    assert f"Prefect's UI: {served.serving['prefect_api_url'].removesuffix('/api')}" in served.output()


def test_a_service_that_fails_is_started_again(served: Served) -> None:
    noted = Path(served.serving["socket"]).with_suffix(".noted")
    wait_for(lambda: noted.read_text() == served.serving["prefect_api_url"], "the service's second start")


def test_a_home_is_served_once(served: Served) -> None:
    second = start_serve(Home(served.home.root))
    assert second.process.wait(60) != 0
    assert f"another `backout serve` runs on {served.home.root}" in second.output()
    assert served.home.serve_file.exists()


@pytest.mark.full_matrix
def test_a_given_server_is_used_and_left_running(
    served: Served, other_home: Home, client: SyncPrefectClient
) -> None:
    beside = _beside(served, other_home, "given")
    assert beside.serving["prefect_api_url"] == served.serving["prefect_api_url"]
    assert beside.serving["auth_file"] is None
    assert not other_home.postgres.exists()
    assert stop_serve(beside) == 0
    assert client.hello().status_code == 200


def test_a_drain_lets_the_acting_run_end_and_starts_no_other(
    served: Served, other_home: Home, client: SyncPrefectClient, tmp_path: Path
) -> None:
    beside = _beside(served, other_home, "drained")
    acting = start_run(beside, client, "waits", tmp_path / "acting")
    acting.wait_said("began")
    beside.process.send_signal(signal.SIGTERM)
    wait_for(lambda: not other_home.serve_file.exists(), "the start of the drain")
    later = start_run(beside, client, "quick", tmp_path / "later")
    acting.let_go()
    assert beside.process.wait(60) == 0
    assert acting.state() == "Completed"
    assert later.said() == []


def test_what_does_not_end_is_handed_to_the_next_serve(
    served: Served, other_home: Home, client: SyncPrefectClient, tmp_path: Path
) -> None:
    first = _beside(served, other_home, "handed", drain_seconds=0.5)
    run = start_run(first, client, "waits", tmp_path / "run")
    asking = start_run(first, client, "asks", tmp_path / "asking")
    run.wait_said("began")
    asking.wait_state("Suspended")
    assert stop_serve(first) == 0
    assert run.state() == "AwaitingRetry"
    assert asking.state() == "Suspended"
    run.let_go()
    second = _beside(served, other_home, "handed")
    run.wait_state("Completed")
    assert run.said() == ["began", "began", "ended"]
    assert stop_serve(second) == 0
    assert asking.state() == "Suspended"


@pytest.mark.full_matrix
def test_a_watch_is_handed_over_at_once(
    served: Served, other_home: Home, client: SyncPrefectClient, tmp_path: Path
) -> None:
    first = _beside(served, other_home, "watching", drain_seconds=3600)
    watch = start_run(first, client, "watches", tmp_path / "watch")
    watch.wait_said("began")
    assert stop_serve(first) == 0
    assert watch.state() == "AwaitingRetry"


@pytest.mark.full_matrix
def test_a_server_that_died_is_started_again(other_home: Home, tmp_path: Path) -> None:
    serve = start_serve(other_home, "revived")
    serve.wait_until_ready()
    died = _server_of(other_home)
    try:
        os.kill(died, signal.SIGKILL)
        wait_for(lambda: _server_of(other_home) != died, "the start of another server")
        wait_for(lambda: _answers(serve), "its first answer")
        with serve.client() as client:
            start_run(serve, client, "quick", tmp_path / "run").wait_state("Completed")
    finally:
        assert stop_serve(serve) == 0


@pytest.mark.full_matrix
def test_a_run_that_died_with_its_host_is_started_again(other_home: Home, tmp_path: Path) -> None:
    first = start_serve(other_home, "revived")
    first.wait_until_ready()
    with first.client() as client:
        run = start_run(first, client, "waits", tmp_path / "run")
        run.wait_said("began")
        wait_for(lambda: _beats(client, run.run), "the run's first heartbeat")
    first.process.kill()
    first.process.wait()
    os.kill(run.pid(), signal.SIGKILL)
    second = start_serve(other_home, "revived")
    try:
        second.wait_until_ready()
        wait_for(lambda: len(run.said()) == 2, "the second start, three heartbeats after the last")
    finally:
        run.let_go()
        assert stop_serve(second) == 0


def _beats(client: SyncPrefectClient, run: UUID) -> bool:
    wanted = {"filter": {"resource": {"id": [f"prefect.flow-run.{run}"]}}}
    events = client._client.post("/events/filter", json=wanted).json()["events"]
    return any(event["event"] == "prefect.flow-run.heartbeat" for event in events)


def _server_of(home: Home) -> int:
    words = (home.state / "prefect-server").read_text().split()
    return int(words[0]) if words else 0


def _answers(serve: Served) -> bool:
    try:
        return httpx.get(f"{serve.serving['prefect_api_url']}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
