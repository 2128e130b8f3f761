"""What breaks between an alert's 2xx and its rollback, on a real `serve`: the rollback happens, and happens once."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.installation import last_served, serving
from domain.errors import StoreUnavailable
from domain.outcomes import Outcome
from tests.deployments.one_serve.test_alert_served import Alarmed
from tests.deployments.rollbacks import Service
from tests.deployments.served import is_alive, wait_for
from tests.flows.stage import Stage

PHASES = {
    "taken in": "true",
    "decided": "EXISTS (SELECT FROM alerts WHERE application = %(name)s)",
    "sent": "EXISTS (SELECT FROM alerts WHERE application = %(name)s AND sent_at IS NOT NULL)",
    "begun": "EXISTS (SELECT FROM alerts WHERE application = %(name)s AND run IS NOT NULL)",
    "opened": "EXISTS (SELECT FROM incidents WHERE application = %(name)s)",
}
"""How far an alert is, and how the store tells."""


@pytest.fixture
def alarmed(service: Service, slots: Stage, tmp_path: Path) -> Alarmed:
    """Broken, and known to the gateway."""
    found = last_served(service.home) or {}
    token = Path(found["api_token_file"]).read_text().strip()
    made = Alarmed(service, slots.scene(tmp_path), found["api_url"], token)
    made.apply(tmp_path)
    made.break_it()
    assert made.post(name="Other", status="resolved").status_code == 202
    wait_for(lambda: made.results() == ["resolved"], "the first alert")
    return made


def assert_rolled_back_once(alarmed: Alarmed) -> None:
    assert alarmed.wait_outcome() is Outcome.ROLLED_BACK
    assert alarmed.scene.stage.serving() == "green"
    assert alarmed.results() == ["resolved", "started"]
    assert alarmed.incidents() == 1
    assert len(alarmed.scene.data("switched")) == 1


def store_answers(alarmed: Alarmed) -> bool:
    with suppress(StoreUnavailable), alarmed.scene.installation() as here:
        here.store.incidents(alarmed.scene.name)
        return True
    return False


def prefects_server(home: Home) -> int:
    return int((home.state / "prefect-server").read_text().split()[0])


def reached(alarmed: Alarmed, phase: str) -> bool:
    with alarmed.scene.installation() as here, here.store.database.transaction() as connection:
        row = connection.execute(
            f"SELECT {PHASES[phase]} AS reached", {"name": alarmed.scene.name}
        ).fetchone()
        return row is not None and bool(row["reached"])


def test_prefects_server_dies_before_it_has_the_event(service: Service, alarmed: Alarmed) -> None:
    server = prefects_server(service.home)
    os.kill(server, signal.SIGSTOP)
    assert alarmed.post().status_code == 202
    wait_for(lambda: "started" in alarmed.results(), "the decision")
    os.kill(server, signal.SIGKILL)
    assert_rolled_back_once(alarmed)


@pytest.mark.full_matrix
def test_the_database_dies_and_serve_starts_it_again(service: Service, alarmed: Alarmed) -> None:
    os.kill(int((service.home.postgres / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert alarmed.post().status_code == 202
    wait_for(lambda: store_answers(alarmed), "PostgreSQL")
    assert_rolled_back_once(alarmed)


def test_serve_is_killed_as_soon_as_it_has_answered(service: Service, alarmed: Alarmed) -> None:
    """What it leaves behind, Prefect's server, the next one stops, and takes its port."""
    left_over, before = prefects_server(service.home), last_served(service.home) or {}
    assert alarmed.post().status_code == 202
    service.process.kill()
    service.process.wait()
    assert is_alive(left_over)
    assert service.home.serve_file.exists()
    assert serving(service.home) is None
    service.process = Service.start(service.home).process
    assert not is_alive(left_over)
    now = serving(service.home) or {}
    assert now["pid"] == service.process.pid
    assert now["prefect_api_url"] == before["prefect_api_url"]
    assert_rolled_back_once(alarmed)


@pytest.mark.full_matrix
@pytest.mark.parametrize("phase", PHASES)
def test_everything_is_killed(service: Service, alarmed: Alarmed, phase: str) -> None:
    assert alarmed.post().status_code == 202
    wait_for(lambda: reached(alarmed, phase), phase)
    service.kill_all()
    service.process = Service.start(service.home).process
    assert_rolled_back_once(alarmed)
