"""`backout apply`: from `backout.yaml` to the store, the Application blocks, the automations and the forms."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate

from blocks.application import Application
from blocks.configuration import Described
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.automations import start_on_trigger
from deployments.break_glass import remember
from deployments.catalog import CATALOG
from domain.errors import UnknownApplication
from domain.names import block_name
from flows.form import LAST_GOOD


@dataclass(frozen=True)
class Change:
    """What applying would change of one application: a unified diff of its document; empty where nothing."""

    described: Described
    diff: str

    @property
    def verb(self) -> str:
        """`new`, `changed` or `unchanged`."""
        if not self.diff:
            return "unchanged"
        return "new" if self.diff.startswith("--- nothing") else "changed"


def changes(here: Installation, described: list[Described]) -> list[Change]:
    """Each application beside what the store keeps of it."""
    return [Change(one, _diff(_applied(here, one.name), one)) for one in described]


def apply(here: Installation, described: list[Described], by: str) -> None:
    """Save each application; repeating it changes nothing. Secrets filled into a block in the UI stay."""
    Application.register_type_and_schema()
    with get_client(sync_client=True) as client:
        for one in described:
            block = _save_block(one)
            applied = Applied(one.name, dict(one.raw), one.digest, one.source)
            configurations.keep(here.store.database, applied, by)
            start_on_trigger(client, one.name, block)
            remember(here.home, one.name, Path(one.source))
        offer_targets(client, here)


def offer_targets(client: SyncPrefectClient, here: Installation) -> None:
    """The forms' choice of releases: `last good`, and every recorded one that is not in quarantine."""
    versions = {
        release.version
        for applied in configurations.all_of(here.store.database)
        for release in here.store.releases(applied.application)
        if release.quarantined_by is None
    }
    for entry in CATALOG:
        deployment = client.read_deployment_by_name(f"{entry.name}/{entry.name}")
        schema: dict[str, Any] = deployment.parameter_openapi_schema or {}
        target = schema.get("properties", {}).get("target")
        if target is not None:
            target["examples"] = [LAST_GOOD, *sorted(versions)]
            client.update_deployment(deployment.id, DeploymentUpdate(parameter_openapi_schema=schema))


def _applied(here: Installation, application: str) -> Applied | None:
    try:
        return configurations.of(here.store.database, application)
    except UnknownApplication:
        return None


def _diff(before: Applied | None, after: Described) -> str:
    if before is not None and before.digest == after.digest:
        return ""
    old = yaml.safe_dump(before.document, sort_keys=True).splitlines() if before else []
    new = yaml.safe_dump(dict(after.raw), sort_keys=True).splitlines()
    name = "applied" if before else "nothing"
    return "\n".join(difflib.unified_diff(old, new, name, after.source, lineterm=""))


def _save_block(one: Described) -> UUID:
    block = Application(
        name=one.name, description=str(one.raw.get("description", "")), source=one.source, digest=one.digest,
        document=dict(one.raw),
    )  # fmt: skip
    try:
        known = cast(Application, Application.load(block_name(one.name), validate=False))
    except ValueError:
        pass  # the first time there is no block yet
    else:
        block.secrets = known.secrets
    return cast(UUID, block.save(block_name(one.name), overwrite=True))
