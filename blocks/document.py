"""One application in one environment, as `backout.yaml` describes it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationInfo,
)

from blocks.adapter import chosen_from
from blocks.alert_settings import AlertSettings
from blocks.channels.contract import Channel
from blocks.databases.contract import Database
from blocks.deploy_settings import Deploy
from blocks.drill_settings import DrillSettings, drillable
from blocks.fields import AbsolutePath
from blocks.platforms.contract import Platform
from blocks.readiness_settings import ReadinessSettings
from blocks.section import Section
from blocks.signals.contract import Signal
from blocks.watch_settings import Watch, fitting
from domain.contacts import Contact, problem, two_people
from domain.errors import UnknownPart
from domain.names import ApplicationName
from domain.policy import AtDeadline, Policy
from domain.presets import PRESETS
from domain.release import flag_part


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
    return policy.of_environment(str(raw.get("name", "")).rpartition("/")[2])


def _can_stop(database: Database | None, info: ValidationInfo) -> Database | None:
    """A setting that nothing would follow is a mistake."""
    platform = info.data.get("platform")
    if database and database.stop_application and platform and not platform.stops:
        raise ValueError(f"stop_application: platform {platform.kind} cannot stop the application")
    return database


def _here(policy: Policy, info: ValidationInfo) -> Policy:
    """The policy as this environment changes it."""
    return policy.of_environment(str(info.data.get("name", "")).rpartition("/")[2])


def _can_answer(contacts: list[Contact], info: ValidationInfo) -> list[Contact]:
    """Whom the policy asks must be somebody who can answer; a slip of the pen would leave every request unanswered."""
    if shared := two_people(contacts):
        raise ValueError(
            f"identities: {shared}: one identity is one person; give both entries the same `name` and `identities`"
        )
    policy = info.data.get("policy")
    for severity, rule in policy.rules.items() if policy else ():
        consent = rule.consent
        escalates = consent.at_deadline is AtDeadline.ESCALATE
        if found := problem(contacts, (consent.people, consent.approvers, escalates)):
            raise ValueError(f"policy.rules.{severity}.consent.{found}")
    return contacts


def _is_a_flag(integration: str | None, info: ValidationInfo) -> str | None:
    """A flag that the platform does not have could never be turned off, and nobody would know before it is needed."""
    platform = info.data.get("platform")
    if integration is None or platform is None:
        return integration
    try:
        platform.only(flag_part(integration))
    except UnknownPart as error:
        raise ValueError(f"{integration!r} is no flag of platform {platform.kind}: {error.what()}") from None
    return integration


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
    database: Annotated[
        Annotated[SerializeAsAny[Database], chosen_from("databases")] | None, AfterValidator(_can_stop)
    ] = Field(default=None, description="The database the releases share.")
    policy: Annotated[Policy, BeforeValidator(_from_preset), AfterValidator(_here)] = Field(
        default_factory=lambda: PRESETS["default"], description="A preset by name, with changes laid over it."
    )
    watch: Annotated[Watch, AfterValidator(fitting)] = Field(
        default_factory=Watch, description="How `backout serve` watches it."
    )
    readiness: ReadinessSettings = Field(
        default_factory=ReadinessSettings, description="When it is called ready for a rollback."
    )
    alerts: AlertSettings = Field(
        default_factory=AlertSettings, description="How alerts that come to the gateway are taken."
    )
    channels: list[Annotated[SerializeAsAny[Channel], chosen_from("channels")]] = Field(
        default_factory=list, description="Where people are told."
    )
    templates: AbsolutePath | None = Field(
        default=None,
        description="Folder of your own message templates: `started.md.j2`, `ended.md.j2` ...; each takes the place of ours.",
    )
    contacts: Annotated[list[Contact], AfterValidator(_can_answer)] = Field(
        default_factory=list, validate_default=True, description="Whom to call, first to last."
    )
    integration: Annotated[str | None, AfterValidator(_is_a_flag)] = Field(
        default=None,
        min_length=1,
        description="The feature flag that turns a third party's integration off; `third-party-failure` turns it off first.",
    )
    dashboards: dict[str, str] = Field(
        default_factory=dict, description="Name -> URL, linked in requests and reports."
    )
    deploy: Deploy = Field(default_factory=Deploy, description="How a new release is deployed.")
    drill: Annotated[DrillSettings | None, AfterValidator(drillable)] = Field(
        default=None, description="How its way back is drilled; without it there is no drill."
    )
    evidence: str | None = Field(
        default=None, description="fsspec URL of the evidence folder; default: below BACKOUT_HOME."
    )

    def of_part(self, part: str | None) -> "Document":
        """This document, its platform as far as the part goes; itself where there is no part. Raises UnknownPart."""
        if part is None or not self.platform.whole:
            return self
        return self.model_copy(update={"platform": self.platform.only(part)})


class File(Section):
    """What a whole file holds."""

    applications: list[dict[str, Any]] = Field(
        min_length=1, description="One entry an application and environment."
    )
