"""What a deploy leaves behind: 3.0 serves from green, 2.0 is still up in blue, and what Prefect was asked for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from blocks.installation import Installation
from blocks.ledger import Hold
from domain.findings import Finding
from domain.incident import Incident
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.release import Release
from domain.rollout import Rollout
from domain.severity import Severity
from flows import soak
from tasks.case import Case
from tasks.look import through_router
from tests.flows.deploy_stage import NEW, DeployScene, DeployStage
from tests.flows.stage import Scene

BLOCK = {"$ref": {"block_document_id": "one"}}


class Runs:
    """Prefect's side: a key has one run, whatever is asked for again. `by_key`: key -> deployment, fields, time."""

    def __init__(self) -> None:
        self.by_key: dict[str, tuple[str, dict[str, Any], datetime | None]] = {}

    def start_later(self, deployment: str, fields: dict[str, Any], at: datetime | None, key: str) -> str:
        """As `flows.prefect_runs` does it."""
        self.by_key.setdefault(key, (deployment, fields, at))
        return f"run of {key}"


def deployed(tenths: DeployStage, folder: Path, **changes: Any) -> DeployScene:
    """As the path leaves it, without walking it: the incident has ended, and 3.0 is recorded."""
    made = tenths.deploy_scene(folder, holds=NEW, **changes)
    tenths.platform.activate("green", tenths.platform.route())
    with made.installation() as here:
        case = made.case(here)
        here.store.record(Release(application=made.name, version=NEW, slot="green"))
        seen = through_router(made.document, [made.document.health, *made.document.checks], "green")
        here.store.keep_plan(case.hold, deploy_plan(made.name, seen))
        here.store.served(made.name, NEW, datetime.now(UTC))
        here.store.close(case.hold, Outcome.DEPLOYED)
    return made


def deploy_plan(application: str, seen: list[Finding]) -> Plan:
    """From blue to green, by what users had before."""
    return Plan(
        seen=seen,
        application=application, decision=Decision.DEPLOY, severity=Severity.LOW, from_release="2.0",
        from_slot="blue", to_release=NEW, to_slot="green", rollout=Rollout(steps=[100], installs=False),
    )  # fmt: skip


def first(scene: Scene, here: Installation) -> Incident:
    """The deploy."""
    return here.store.incidents(scene.name)[-1]


def case_of(scene: Scene, here: Installation) -> Case:
    """The deploy, to look at after its end."""
    incident = first(scene, here)
    return Case(here, scene.document, here.store, incident, Hold(scene.name, incident.id, 0), "after")


def watch(scene: Scene, here: Installation, seconds: float = 3600.0) -> tuple[str | None, str]:
    """A run of the watch after the deploy."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    state = soak._watch(case_of(scene, here), until, BLOCK)
    return state.name, str(state.message)


def journal(scene: Scene, here: Installation, kind: str) -> list[dict[str, Any]]:
    """What the deploy's entries of a kind carry."""
    return [row.data for row in here.store.entries(first(scene, here).id) if row.kind == kind]


def recorded(scene: Scene, here: Installation, version: str) -> Release:
    """What is known of a release."""
    return next(row for row in here.store.releases(scene.name) if row.version == version)


def told(scene: Scene, here: Installation) -> list[tuple[str, str]]:
    """The deploy's messages: moment and text, oldest first."""
    with here.store.database.transaction() as connection:
        rows = connection.execute(
            """SELECT message ->> 'moment' AS moment, message ->> 'text' AS text
                 FROM outbox WHERE incident = %s ORDER BY id""",
            [first(scene, here).id],
        )
        return [(row["moment"], row["text"]) for row in rows]
