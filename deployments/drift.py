"""Drift: an Application block that no longer is what `backout apply` kept. Runs that act refuse it; `status` shows it."""

from collections.abc import Iterable

from blocks import configuration
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.prefect_api import PrefectApi
from domain.errors import Drift, PrefectUnavailable
from domain.names import block_name
from domain.outcomes import named

NEXT = Drift.NEXT
WITHOUT_PREFECT = (
    'start `backout serve`, or go on without it: `backout rollback APP --break-glass --reason "..."`'
)


def drifts(here: Installation, applications: Iterable[str]) -> dict[str, str | None]:
    """Application -> what differs; empty where nothing does, None where Prefect cannot be asked."""
    wanted = list(applications)
    try:
        with PrefectApi.find(here.home) as api:
            return {name: _drift(api, configurations.of(here.store.database, name)) for name in wanted}
    except PrefectUnavailable:
        return dict.fromkeys(wanted)


def obstacle(application: str, drift: str | None) -> tuple[str, str] | None:
    """What keeps every run from acting, and the next step; None where nothing does. `drift`: as `drifts` found it."""
    if drift is None:
        return "Prefect does not answer: no run can start, and drift is not known", named(
            WITHOUT_PREFECT, application
        )
    return (f"drift: {drift}; runs that act refuse it", named(NEXT, application)) if drift else None


def _drift(api: PrefectApi, applied: Applied) -> str:
    block = f"block {block_name(applied.application)}"
    found = api.application(applied.application)
    if found is None:
        return f"{block} is gone from Prefect"
    if found.get("digest") != applied.digest:
        return f"{block}: its digest is not the applied one"
    if configuration.digest(found.get("document")) != applied.digest:
        return f"{block}: its document was changed beside backout.yaml"
    return ""
