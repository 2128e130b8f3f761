"""What `backout.yaml` says of Deployments whose releases take each other's place."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from blocks.fields import BaseUrl
from blocks.kubernetes.settings import ClusterSettings, ObjectName
from blocks.platforms.contract import InPlace

CONFIG = "config"
FLAG = "flag:"
VERSION_LABEL = "app.kubernetes.io/version"

Variable = Annotated[str, StringConstraints(pattern=r"^[-._A-Za-z][-._A-Za-z0-9]*$")]
"""A variable's name, or a key of a ConfigMap."""


def _names_a_deployment(name: str) -> str:
    if name == CONFIG:
        raise ValueError(
            f"no Deployment can be called {CONFIG}: that is what `--only` calls the configuration"
        )
    return name


PartName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"), AfterValidator(_names_a_deployment)
]
"""What `--only` calls it."""


class Workload(BaseModel):
    """One Deployment of the application."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ObjectName = Field(description="The Deployment's name.")
    container: ObjectName | None = Field(
        default=None, description="The container that is the application's; by default its first one."
    )


class FeatureFlag(BaseModel):
    """A feature that a variable of a Deployment, or a key of a ConfigMap, turns on and off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variable: Variable = Field(description="The variable, or the key of `config_map`.")
    deployment: str | None = Field(
        default=None,
        description="The Deployment whose pods read it, as `deployments` calls it; by default the first.",
    )
    config_map: ObjectName | None = Field(
        default=None,
        description="One of `config_maps`, where the flag is a key of it and not a variable of the pods.",
    )
    off: str = Field(default="false", description="Its value where the feature is off.")
    on: str = Field(
        default="true", description="Its value where it is on, if no earlier revision or copy tells it."
    )


class KubernetesSettings(InPlace):
    """The settings of the platform `kubernetes`, which its parts share."""

    model_config = ConfigDict(serialize_by_alias=True)

    connection: ClusterSettings = Field(alias="cluster", description="The cluster and the namespace.")
    public_address: BaseUrl = Field(
        alias="address", description="Base URL that users reach the application at."
    )
    deployments: dict[PartName, Workload] = Field(
        min_length=1,
        description="What `--only` calls it -> the Deployment. The first one's releases are the application's.",
    )
    version_label: str = Field(
        default=VERSION_LABEL,
        description="The label of the pod template that says the release; without it the image's tag does, then its digest.",
    )
    config_maps: list[ObjectName] = Field(
        default_factory=list,
        description="ConfigMaps that are kept at each deploy, and go back with a release.",
    )
    flags: dict[PartName, FeatureFlag] = Field(
        default_factory=dict, description="Feature -> what turns it off."
    )
    public: list[str] = Field(
        default_factory=list,
        description="Names of variables whose values are no secrets; all others are masked.",
    )
    rollout_timeout_s: float = Field(
        default=300.0, gt=0, le=3600, description="Seconds until all pods of the release must be ready."
    )
    stalled_s: float = Field(
        default=20.0,
        ge=0,
        le=600,
        description="Seconds after which a rollout is given up whose pods cannot start: an image that cannot be pulled,"
        " a crash loop, a missing ConfigMap, a quota.",
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for flag, told in self.flags.items():
            if told.deployment not in {None, *self.deployments}:
                raise ValueError(f"flag {flag}: {told.deployment} is not one of `deployments`")
            if told.config_map not in {None, *self.config_maps}:
                raise ValueError(f"flag {flag}: {told.config_map} is not one of `config_maps`")
        names = [workload.name for workload in self.deployments.values()]
        if len(set(names)) < len(names):
            raise ValueError("a Deployment is named twice")
        return self

    @property
    def address(self) -> str:
        """Where users reach it."""
        return self.public_address

    @property
    def main(self) -> str:
        """The Deployment whose releases are the application's, as `deployments` calls it."""
        return next(iter(self.deployments))
