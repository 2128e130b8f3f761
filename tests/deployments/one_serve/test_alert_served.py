"""From an alert to traffic on the old release, with no hand touching it: a real Prometheus, Alertmanager and `serve`."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore

from blocks import configuration
from deployments.applying import apply
from deployments.automations import name_of
from domain.outcomes import Outcome
from domain.reaction import Reaction
from tests.blocks.prometheus import running_prometheus
from tests.deployments.alertmanager import running_alertmanager
from tests.deployments.rollbacks import Service
from tests.deployments.served import wait_for
from tests.flows.stage import Scene, Stage

CRITICAL = "service-outage"
RULES = """\
groups:
  - name: shop
    rules:
      - alert: ShopBroken
        expr: shop_broken == 1
        labels: {{application: {application}, issue: service-outage}}
        annotations: {{summary: "the shop answers 503"}}
"""
SCRAPED = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}
rule_files: [rules.yaml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["{target}"]}}]}}]
"""


@dataclass
class Alarmed:
    """An applied application, and the gateway before it."""

    service: Service
    scene: Scene
    url: str
    token: str

    def apply(self, folder: Path, **changes: Any) -> None:
        self.scene.raw |= {
            "watch": {"enabled": False},
            "policy": {"preset": "default", "watch_s": 1},
            **changes,
        }
        file = folder / "backout.yaml"
        file.write_text(yaml.safe_dump({"applications": [self.scene.raw]}))
        with self.scene.installation() as here, self.service.client():
            apply(here, configuration.read([file]), "ann")

    def post(self, **fields: Any) -> httpx.Response:
        """As a program with the API's token does."""
        body = {"application": self.scene.name, "name": "ShopBroken", "issue": CRITICAL, **fields}
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.post(
            f"{self.url}/alerts/generic", json=body, headers=headers, timeout=60, trust_env=False
        )

    def incidents(self) -> int:
        with self.scene.installation() as here:
            return len(here.store.incidents(self.scene.name))

    def break_it(self) -> None:
        (self.scene.stage.folder / "blue.unhealthy").touch()

    def wait_outcome(self) -> Outcome:
        def ended() -> Outcome | None:
            with self.scene.installation() as here:
                found = here.store.incidents(self.scene.name)
                return found[0].outcome if found and here.store.holder(self.scene.name) is None else None

        return wait_for(ended, f"an incident's end; {self.service.output()}")

    def results(self) -> list[str]:
        with self.scene.installation() as here, here.store.database.transaction() as connection:
            rows = connection.execute(
                "SELECT result FROM alerts WHERE application = %s ORDER BY taken_at", [self.scene.name]
            )
            return [row["result"] for row in rows]


@pytest.fixture
def alarmed(service: Service, slots: Stage, tmp_path: Path) -> Alarmed:
    found = json.loads(service.home.serve_file.read_text())
    token = Path(found["api_token_file"]).read_text().strip()
    return Alarmed(service, slots.scene(tmp_path), found["api_url"], token)


def test_prometheus_sees_it_and_backout_takes_it_back(alarmed: Alarmed, tmp_path: Path) -> None:
    alarmed.apply(tmp_path)
    target = alarmed.scene.stage.platform.slot("blue").address or ""
    (tmp_path / "rules.yaml").write_text(RULES.format(application=alarmed.scene.name))
    webhook = f"{alarmed.url}/alerts/alertmanager"
    with running_alertmanager(tmp_path / "alertmanager", webhook, alarmed.token) as alertmanager:
        scraped = SCRAPED.format(alertmanager=alertmanager, target=target.removeprefix("http://"))
        with running_prometheus(tmp_path, scraped):
            alarmed.break_it()
            assert alarmed.wait_outcome() is Outcome.ROLLED_BACK
    assert alarmed.scene.stage.serving() == "green"
    incident = alarmed.scene.incident()
    assert (incident.request.via, incident.request.by) == ("automation", "alertmanager")
    [finding] = incident.request.detection
    assert (finding.name, finding.said) == ("ShopBroken", "the shop answers 503")


def test_twenty_alerts_at_once_are_one_rollback(alarmed: Alarmed, tmp_path: Path) -> None:
    alarmed.apply(tmp_path)
    alarmed.break_it()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: alarmed.post(name=f"Broken{number}"), range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert alarmed.wait_outcome() is Outcome.ROLLED_BACK
    wait_for(lambda: len(alarmed.results()) == 20, "all alerts")
    assert sorted(alarmed.results()) == ["grouped"] * 19 + ["started"]
    assert alarmed.incidents() == 1
    assert len(alarmed.scene.data("switched")) == 1
    assert sum(noted["count"] for noted in alarmed.scene.data("alerted")) == 19


def test_where_the_policy_asks_the_run_waits_and_the_automation_says_so(
    alarmed: Alarmed, tmp_path: Path
) -> None:
    alarmed.apply(tmp_path, policy={"rules": {"critical": {"consent": {"people": 1}}}})
    alarmed.break_it()
    answer = alarmed.post()
    assert answer.status_code == 202

    def asked() -> bool:
        with alarmed.scene.installation() as here:
            holder = here.store.holder(alarmed.scene.name)
            return holder is not None and holder.phase == "waiting"

    wait_for(asked, f"the request; {alarmed.service.output()}")
    with alarmed.service.client() as client:
        [automation] = client.read_automations_by_name(name_of(alarmed.scene.name, Reaction.ASK))
        wanted = {"filter": {"event": {"name": ["prefect.automation.triggered"]}}}
        seen = client._client.post("/events/filter", json=wanted).json()["events"]
    assert f"prefect.automation.{automation.id}" in {
        event["resource"]["prefect.resource.id"] for event in seen
    }


@pytest.mark.full_matrix
def test_applied_again_its_automations_are_left_alone(alarmed: Alarmed, tmp_path: Path) -> None:
    alarmed.apply(tmp_path)

    def seen() -> dict[str, str]:
        wanted = {"automations": {"name": {"any_": [name_of(alarmed.scene.name, one) for one in Reaction]}}}
        with alarmed.service.client() as client:
            known = client._client.post("/automations/filter", json=wanted).json()
        return {one["id"]: one["updated"] for one in known}

    before = seen()
    alarmed.apply(tmp_path, description="changed")
    assert seen() == before
    assert len(before) == 3


@pytest.mark.full_matrix
def test_sent_twice_it_is_one_and_resolved_it_is_noted(alarmed: Alarmed, tmp_path: Path) -> None:
    alarmed.apply(tmp_path)
    alarmed.break_it()
    began = datetime.now(UTC).isoformat()
    first, again = alarmed.post(started_at=began), alarmed.post(started_at=began)
    assert first.json()["alerts"] == again.json()["alerts"]
    assert alarmed.wait_outcome() is Outcome.ROLLED_BACK
    assert alarmed.post(started_at=began, status="resolved").status_code == 202
    wait_for(lambda: "resolved" in alarmed.results(), "the resolved alert")
    assert alarmed.results() == ["started", "resolved"]
    assert alarmed.incidents() == 1


@pytest.mark.full_matrix
def test_an_automation_that_cannot_start_its_run_is_told_to_people(alarmed: Alarmed, tmp_path: Path) -> None:
    alarmed.apply(tmp_path, policy={"issues": [{"name": CRITICAL, "severity": "low"}]})
    with alarmed.service.client() as client:
        [noting] = client.read_automations_by_name(name_of(alarmed.scene.name, Reaction.NOTE))
        rollback = client.read_deployment_by_name("rollback/rollback").id
        broken = RunDeployment(deployment_id=rollback, parameters={"reason": "{{ event.payload.no.such }}"})
        name = f"Backout: {alarmed.scene.name}: a test"
        client.create_automation(AutomationCore(name=name, trigger=noting.trigger, actions=[broken]))
    assert alarmed.post().status_code == 202
    log = tmp_path / "messages.log"
    wait_for(
        lambda: log.exists() and "an automation could not start its run" in log.read_text(), "the message"
    )
    assert alarmed.incidents() == 0


@pytest.mark.full_matrix
def test_all_killed_right_after_the_answer_the_alert_is_not_lost(
    alarmed: Alarmed, service: Service, tmp_path: Path
) -> None:
    alarmed.apply(tmp_path)
    alarmed.break_it()
    assert alarmed.post().status_code == 202
    service.kill_all()
    service.process = Service.start(service.home).process
    assert alarmed.wait_outcome() is Outcome.ROLLED_BACK
    assert alarmed.incidents() == 1
    assert len(alarmed.scene.data("switched")) == 1
