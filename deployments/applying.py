"""`backout apply`: from `backout.yaml` to the store, the Application blocks, the automations and the forms."""

from pathlib import Path
from typing import cast
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from blocks.application import Application
from blocks.configuration import Described
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.automations import start_on_trigger
from deployments.break_glass import remember
from deployments.prefect_api import PrefectApi
from deployments.target_choice import offer_targets
from domain.errors import PrefectUnavailable
from domain.names import block_name


def apply(here: Installation, described: list[Described], by: str) -> None:
    """Save each application; repeating it changes nothing. Secrets filled into a block in the UI stay.

    Raises:
        PrefectUnavailable: it does not answer; what was not saved yet stays as it was.
    """
    try:
        _save(here, described, by)
    except httpx.HTTPError as error:
        why = str(error) or type(error).__name__
        address = str(PREFECT_API_URL.value())
        raise PrefectUnavailable(what_it_is="Prefect", address=address, why=why.splitlines()[0]) from error
    with PrefectApi.find(here.home) as api:
        offer_targets(here, api)


def _save(here: Installation, described: list[Described], by: str) -> None:
    Application.register_type_and_schema()
    with get_client(sync_client=True) as client:
        for one in described:
            block = _save_block(one)
            applied = Applied(one.name, dict(one.raw), one.digest, one.source)
            configurations.keep(here.store.database, applied, by)
            start_on_trigger(client, one.name, block)
            remember(here.home, one.name, Path(one.source))


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
