"""`backout apply`: from `backout.yaml` to the store, the Application blocks, the automations and the forms."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

import yaml
from prefect.client.orchestration import get_client

from blocks.application import Application
from blocks.configuration import Described
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.automations import start_on_trigger
from deployments.break_glass import remember
from deployments.prefect_api import PrefectApi
from deployments.target_choice import offer_targets
from domain.errors import UnknownApplication
from domain.names import block_name


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
    with PrefectApi.find(here.home) as api:
        offer_targets(here, api)


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
