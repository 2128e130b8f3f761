"""`watch`: how `backout serve` watches an application for itself."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SerializeAsAny, ValidationError, ValidationInfo

from blocks.adapter import chosen_from
from blocks.section import Section
from blocks.signals.contract import Signal
from domain.policy import Policy
from domain.thresholds import THRESHOLDS, laid_over, not_watched
from domain.triggers.rule import HEALTH, Trigger


def _known(preset: str) -> str:
    if preset not in THRESHOLDS:
        raise ValueError(f"preset {preset!r} does not exist (allowed: {', '.join(THRESHOLDS)})")
    return preset


def _told_apart(items: list[Any]) -> list[Any]:
    """Triggers find signals by name, and a second one of a name would hide the first."""
    names = [item.name for item in items]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the name {name!r} is there twice")
    return items


class Watch(Section):
    """How `backout serve` watches the application for itself."""

    every_s: float = Field(
        default=5.0, gt=0, description="Seconds between two samples of `health` through the router."
    )
    enabled: bool = Field(default=True, description="False: nobody but people and alerts start a rollback.")
    signals: Annotated[
        list[Annotated[SerializeAsAny[Signal], chosen_from("signals")]], AfterValidator(_told_apart)
    ] = Field(
        default_factory=list,
        description="What is sampled beside `health`, through the router, each on its own clock.",
    )
    preset: Annotated[str, AfterValidator(_known)] = Field(
        default="default",
        json_schema_extra={"enum": list(THRESHOLDS)},
        description="The runbook whose triggers are taken: see [Thresholds](#thresholds).",
    )
    triggers: Annotated[list[Trigger], AfterValidator(_told_apart)] = Field(
        default_factory=list,
        description="More triggers; one with the name of one of the preset's takes its place.",
    )

    @property
    def all_triggers(self) -> list[Trigger]:
        """The preset's and its own."""
        return laid_over(self.preset, self.triggers)


def fitting(watch: Watch, info: ValidationInfo) -> Watch:
    """What the rest of the document must have. Raises ValueError.

    An issue that is written down is a row of the policy: a slip of the pen would change the severity.
    """
    health: Signal | None = info.data.get("health")
    _told_apart([*([health] if health else []), *watch.signals])
    policy: Policy | None = info.data.get("policy")
    if policy is None:
        return watch
    for trigger in watch.triggers:
        if "issue" in trigger.model_fields_set and not policy.issue(trigger.issue):
            known = ", ".join(row.name for row in policy.issues)
            raise ValueError(
                f"trigger {trigger.name}: issue {trigger.issue!r} is no row of policy.issues (allowed: {known})"
            )
    return watch


def runbooks_named(raw: Mapping[str, Any]) -> dict[int, str]:
    """Place of a raw document's trigger in its list -> the runbook that it names; its secrets need not be there."""
    triggers = (raw.get("watch") or {}).get("triggers", [])
    return {place: str(one["runbook"]) for place, one in enumerate(triggers) if one.get("runbook")}


def unwatched(raw: Mapping[str, Any]) -> list[str]:
    """What of a raw document's triggers and signals is not watched, each one line; its secrets need not be there."""
    watch = raw.get("watch") or {}
    if not watch.get("enabled", True):
        return []
    try:
        own = [Trigger.model_validate(entry) for entry in watch.get("triggers", [])]
    except ValidationError:  # a reference stands for a number: what runs with its secrets checks it
        return []
    signals = {str(entry.get("name", entry["kind"])) for entry in watch.get("signals", [])}
    triggers = laid_over(watch.get("preset", "default"), own)
    return not_watched(triggers, signals, str(raw["health"].get("name", HEALTH)))
