"""One application in one environment, as `backout.yaml` describes it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationInfo,
)

from blocks.adapter import chosen_from
from blocks.channels.contract import Channel
from blocks.databases.contract import Database
from blocks.platforms.contract import Platform
from blocks.signals.contract import Signal
from domain.names import ApplicationName
from domain.policy import Policy
from domain.presets import PRESETS
from domain.triggers import Consecutive


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {
            key: _merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}
        }
    return over


def _from_preset(value: Any) -> Any:
    """`{preset: NAME, ...}` is that preset with the other keys laid over it."""
    if not isinstance(value, Mapping):
        return value
    name = value.get("preset", "default")
    if name not in PRESETS:
        raise ValueError(f"preset {name!r} does not exist (allowed: {', '.join(PRESETS)})")
    over = {key: item for key, item in value.items() if key != "preset"}
    base = PRESETS[name].model_dump()
    if isinstance(over.get("issues"), list):
        over["issues"] = _merged_rows(base["issues"], over["issues"])
    return Policy.model_validate(_merged(base, over))


def _merged_rows(base: list[dict[str, Any]], over: list[Any]) -> list[Any]:
    """The preset's rows, each with what the row of the same name changes; then the rows it does not know."""
    named = {row["name"]: row for row in over if isinstance(row, Mapping) and "name" in row}
    known = [_merged(row, named.get(row["name"], {})) for row in base]
    names = {row["name"] for row in base}
    return [*known, *(row for row in over if not isinstance(row, Mapping) or row.get("name") not in names)]


def _called_health(value: Any) -> Any:
    """The signal under `health` is called so, unless it has a name of its own."""
    return {"name": "health", **value} if isinstance(value, Mapping) else value


def policy_of(raw: Mapping[str, Any]) -> Policy:
    """The policy of a raw document. Raises ValueError where it is none."""
    policy: Policy = _from_preset(raw.get("policy") or {})
    return policy


class Section(BaseModel):
    """A part of the document: unknown keys raise, values never change, input is never shown in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Watch(Section):
    """How `backout serve` watches the application for itself."""

    every_s: float = Field(
        default=5.0, gt=0, description="Seconds between two samples of `health` through the router."
    )
    trigger: Consecutive = Field(default_factory=Consecutive, description="The rule that starts a rollback.")
    enabled: bool = Field(default=True, description="False: nobody but people and alerts start a rollback.")


def _of_matrix(watch: Watch, info: ValidationInfo) -> Watch:
    """An issue that is written down must be a row of the policy: a slip of the pen would change the severity."""
    policy, trigger = info.data.get("policy"), watch.trigger
    if policy is None or "issue" not in trigger.model_fields_set or policy.issue(trigger.issue):
        return watch
    known = ", ".join(row.name for row in policy.issues)
    raise ValueError(f"trigger.issue {trigger.issue!r} is no row of policy.issues (allowed: {known})")


class Contact(Section):
    """Somebody to call, in the order of the escalation path."""

    role: str = Field(description="On-call engineer, DevOps lead, engineering manager, CTO, a supplier ...")
    reach: str = Field(description="A phone number, handle or address.")


class Document(Section):
    """One application in one environment."""

    name: ApplicationName = Field(description="`app/environment`, small letters, digits and dashes.")
    description: str = Field(default="", description="One line for people.")
    platform: Annotated[SerializeAsAny[Platform], chosen_from("platforms")] = Field(
        description="Where its slots live."
    )
    health: Annotated[SerializeAsAny[Signal], chosen_from("signals"), BeforeValidator(_called_health)] = (
        Field(description="Says whether a slot is healthy; looked at on both slots and through the router.")
    )
    checks: list[Annotated[SerializeAsAny[Signal], chosen_from("signals")]] = Field(
        default_factory=list, description="What else must be ok through the router after a switch."
    )
    database: Annotated[SerializeAsAny[Database], chosen_from("databases")] | None = Field(
        default=None, description="The database the releases share."
    )
    policy: Annotated[Policy, BeforeValidator(_from_preset)] = Field(
        default_factory=lambda: PRESETS["default"], description="A preset by name, with changes laid over it."
    )
    watch: Annotated[Watch, AfterValidator(_of_matrix)] = Field(
        default_factory=Watch, description="How `backout serve` watches it."
    )
    channels: list[Annotated[SerializeAsAny[Channel], chosen_from("channels")]] = Field(
        default_factory=list, description="Where people are told."
    )
    contacts: list[Contact] = Field(default_factory=list, description="Whom to call, first to last.")
    dashboards: dict[str, str] = Field(
        default_factory=dict, description="Name -> URL, linked in requests and reports."
    )
    evidence: str | None = Field(
        default=None, description="fsspec URL of the evidence folder; default: below BACKOUT_HOME."
    )


class File(Section):
    """What a whole file holds."""

    applications: list[dict[str, Any]] = Field(
        min_length=1, description="One entry an application and environment."
    )
