"""`backout apply`: from `backout.yaml` to the store, the Application blocks, the automations and the forms."""

from pathlib import Path
from typing import cast
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from blocks.alert_settings import alert_settings_of
from blocks.application import Application
from blocks.configuration import Described
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from blocks.watch_settings import runbooks_named
from deployments.automations import make_automations
from deployments.catalog import CATALOG
from deployments.drill_schedules import schedule_drill
from deployments.own_file import remember
from deployments.prefect_api import PrefectApi
from deployments.target_choice import offer_targets
from domain.errors import ConfigurationError, PrefectUnavailable
from domain.names import block_name
from domain.request import HOTFIX, SHIFT_TRAFFIC

ROLLS_BACK = "rollback"
"""The tag of the runbooks that are about an application."""


def apply(here: Installation, described: list[Described], by: str) -> None:
    """Save each application; repeating it changes nothing. Secrets filled into a block in the UI stay.

    Raises:
        ConfigurationError: a rule or a trigger names a runbook that it cannot start; nothing was saved.
        PrefectUnavailable: it does not answer; what was not saved yet stays as it was.
    """
    for one in described:
        _check_runbooks(one)
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
            make_automations(client, one.name, block, runbooks(one))
            schedule_drill(client, one.name, one.raw, block)
            remember(here.home, one.name, Path(one.source))


def runbooks(one: Described) -> list[str]:
    """What alerts and triggers may start, each once."""
    return sorted({runbook for _, runbook in _named(one)})


def _named(one: Described) -> list[tuple[str, str]]:
    """What alerts and triggers may start, with the key that says so."""
    rules = [("alerts.rules", runbook) for runbook in alert_settings_of(one.raw).runbooks]
    triggers = runbooks_named(one.raw).items()
    return [*rules, *((f"watch.triggers[{place}].runbook", runbook) for place, runbook in triggers)]


def _check_runbooks(one: Described) -> None:
    """Before anything is saved: a rule or trigger that names no runbook would start nothing when it is needed.

    Nor may it be the emergency, which asks nobody, whatever the policy says.
    """
    known = sorted(
        entry.name
        for entry in CATALOG
        if ROLLS_BACK in entry.tags and not entry.emergency and entry.name not in (HOTFIX, SHIFT_TRAFFIC)
    )
    for key, runbook in _named(one):
        if runbook not in known:
            problem = f"runbook {runbook!r} is none that an alert or a trigger can start"
            raise ConfigurationError(one.source, f"{one.at}.{key}", problem, known)


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
