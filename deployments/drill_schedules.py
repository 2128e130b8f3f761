"""The schedules of drills: `backout apply` makes one an application, visible and editable in Prefect's UI."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import RRuleSchedule
from prefect.exceptions import ObjectNotFound

from blocks.drill_settings import FIRST_MONDAY
from domain.drill import is_production
from domain.names import block_name

DRILL = "drill"
BY = "the schedule"


def rule_of(raw: Mapping[str, Any]) -> RRuleSchedule | None:
    """When the application of this raw document is drilled; None where by hand only, and never production."""
    drill = raw.get(DRILL)
    if not drill or _is_production(raw):
        return None
    rule = drill.get("schedule", FIRST_MONDAY)
    return RRuleSchedule(rrule=f"RRULE:{rule}", timezone=drill.get("time_zone", "UTC")) if rule else None


def _is_production(raw: Mapping[str, Any]) -> bool:
    """By the document's rule. A setting that is not plainly `false` is one for yes."""
    said = raw[DRILL].get("production")
    return is_production(str(raw["name"]), said=None if said is None else said is not False)


def schedule_drill(client: SyncPrefectClient, application: str, raw: Mapping[str, Any], block: UUID) -> None:
    """Make, change or remove the application's schedule; a paused one stays paused, whatever is changed."""
    try:
        deployment = client.read_deployment_by_name(f"{DRILL}/{DRILL}")
    except ObjectNotFound:
        return  # a server whose `backout serve` is older: it has no drills
    slug = block_name(application)
    known = [one for one in client.read_deployment_schedules(deployment.id) if one.slug == slug]
    wanted = _wanted(raw, block, slug, active=all(one.active for one in known))
    # As Prefect has it: it writes a start into the rule.
    if [one.schedule for one in known] == [one.schedule for one in wanted]:
        return
    for one in known:
        client.delete_deployment_schedule(deployment.id, one.id)
    if wanted:
        client.create_deployment_schedules(deployment.id, wanted)


def _wanted(
    raw: Mapping[str, Any], block: UUID, slug: str, *, active: bool
) -> list[DeploymentScheduleCreate]:
    rule = rule_of(raw)
    if rule is None:
        return []
    given = {"application": {"$ref": {"block_document_id": str(block)}}, "asked_by": BY, "via": DRILL}
    return [DeploymentScheduleCreate(schedule=rule, parameters=given, slug=slug, active=active)]
