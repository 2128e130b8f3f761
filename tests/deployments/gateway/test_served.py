"""The API of a real `backout serve`, over MVP-011's own: whoever knows the runbook's three curl lines can use it."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks import configuration
from blocks.installation import Installation, installation
from blocks.platforms.deployment_api import DeploymentApi
from deployments import answering
from deployments.applying import apply
from deployments.prefect_api import PrefectApi
from domain.consent import Answer
from examples.mvp_011.application import Fault
from examples.mvp_011.stack import Stack, entry
from tests.deployments.rollbacks import Service
from tests.deployments.served import wait_for

APP = "mvp-011/production"
NUMBERS = count(1)


@dataclass
class Site:
    """One application, the Backout beside it, and the Backout's API."""

    service: Service
    stack: Stack
    client: httpx.Client

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/deployment/status").raise_for_status().json()
        return found

    def go_back(self, key: str | None = None, **fields: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.client.post("/deployment/rollback", json=fields, headers=headers)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def wait_state(self, run: str, *names: str) -> None:
        with PrefectApi.find(self.service.home) as api:
            wait_for(lambda: api.state(run).name in names, f"{names}; {self.service.output()}")


@pytest.fixture(scope="module")
def site(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application is applied, and nobody watches it."""
    stack = Stack(tmp_path_factory.mktemp("mvp")).up()
    try:
        _apply(service, stack, tmp_path_factory.mktemp("applied") / "backout.yaml")
        found = json.loads(service.home.serve_file.read_text())
        token = Path(found["api_token_file"]).read_text()
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=found["api_url"], headers=headers, timeout=60, trust_env=False) as client:
            yield Site(service, stack, client)
    finally:
        stack.down()


def _apply(service: Service, stack: Stack, file: Path) -> None:
    policy = {"preset": "mvp-011", "watch_s": 1, "emergency_watch_s": 1}
    described = {**entry(stack.url), "watch": {"enabled": False}, "policy": policy}
    file.write_text(json.dumps({"applications": [described]}))
    with installation(service.home) as here, service.client():
        apply(here, configuration.read([file]), "ann")


@pytest.fixture
def here(site: Site) -> Iterator[Installation]:
    with installation(site.service.home) as opened:
        yield opened


@pytest.fixture
def bad(site: Site) -> tuple[str, str]:
    """A good release, and a bad one after it that serves; nobody knew them before."""
    number = next(NUMBERS)
    good, worse = f"{number}.0.0", f"{number}.1.0"
    site.stack.deploy(good)
    site.stack.deploy(worse, Fault.ERRORS)
    return good, worse


def approve(here: Installation, run: str) -> None:
    """As a person at the host does."""
    given = answering.deliver(here, run, answering.Said(Answer.APPROVE, "bob", "go"))
    assert given.woken


def test_serve_says_where_it_is_and_keeps_the_token_for_this_user(site: Site) -> None:
    found = json.loads(site.service.home.serve_file.read_text())
    assert f"Deployment API: {found['api_url']}, token in {found['api_token_file']}" in site.service.output()
    assert stat.S_IMODE(Path(found["api_token_file"]).stat().st_mode) == 0o600
    assert httpx.get(f"{found['api_url']}/health", trust_env=False).status_code == 401


def test_the_runbooks_three_lines_with_a_persons_yes_between(
    site: Site, here: Installation, bad: tuple[str, str]
) -> None:
    good, worse = bad
    before = site.status()
    assert (before["currentVersion"], before["incident"]) == (worse, None)
    assert site.client.get("/health").status_code == 503

    accepted = site.go_back()
    assert (accepted["application"], accepted["runbook"]) == (APP, "rollback")
    site.wait_state(accepted["run"], "Suspended")
    waiting = site.status()
    assert waiting["currentVersion"] == worse
    incident = here.store.incident_of(accepted["run"])
    assert waiting["incident"]["id"] == incident
    assert waiting["incident"]["approve"].startswith(f"backout approve {incident}")
    assert accepted["incident"] in (incident, None)

    approve(here, accepted["run"])
    site.wait_state(accepted["run"], "RolledBack")
    healthy = site.client.get("/health").raise_for_status().json()
    assert (healthy["health"], healthy["version"]) == ("healthy", good)
    after = site.status()
    assert after["currentEnvironment"] != before["currentEnvironment"]
    last = after["deploymentHistory"][-1]
    assert (last["status"], last["version"], last["environment"]) == (
        "rolled_back", good, after["currentEnvironment"],
    )  # fmt: skip
    assert len(after["deploymentHistory"]) <= 20


def test_a_critical_one_asks_nobody_and_says_who_asked(
    site: Site, here: Installation, bad: tuple[str, str]
) -> None:
    good, worse = bad
    accepted = site.go_back(severity="critical", reason="checkout is broken", by="ann")
    site.wait_state(accepted["run"], "RolledBack")
    assert site.status()["currentVersion"] == good
    incident = here.store.incident(here.store.incident_of(accepted["run"]) or "")
    assert incident.request.via == "api"
    assert incident.request.by.startswith("ann@")
    assert {row.version: row.quarantined_by for row in here.store.releases(APP)}[worse] == incident.id


def test_an_emergency_sent_twice_with_one_key_is_one_run(site: Site, bad: tuple[str, str]) -> None:
    good, _worse = bad
    first, second = (site.go_back("key-1", runbook="emergency", reason="all is down") for _ in range(2))
    assert first["run"] == second["run"]
    site.wait_state(first["run"], "RolledBack")
    assert site.status()["currentVersion"] == good


@pytest.mark.usefixtures("bad")
def test_a_release_that_is_in_no_slot_is_refused_before_anything_starts(
    site: Site, here: Installation
) -> None:
    before = len(here.store.incidents(APP))
    answer = site.client.post("/deployment/rollback?target=9.9.9")
    assert answer.status_code == 404
    assert "9.9.9" in answer.json()["error"]
    assert len(here.store.incidents(APP)) == before


@pytest.mark.usefixtures("bad")
def test_backouts_own_adapter_can_read_it(site: Site) -> None:
    """Backout behind Backout: the same API on both sides."""
    token = site.client.headers["authorization"].removeprefix("Bearer ")
    above = DeploymentApi.model_validate(
        {"kind": "deployment_api", "url": str(site.client.base_url), "token": token}
    )
    assert above.route().slot == site.stack.status()["currentEnvironment"]
    assert above.slot(above.route().slot or "").version == site.status()["currentVersion"]
