"""What `backout.yaml` says of Deployments that stand side by side behind a router."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from blocks.kubernetes.in_place_settings import VERSION_LABEL
from blocks.kubernetes.proving import Patience
from blocks.kubernetes.settings import ClusterSettings
from blocks.kubernetes.slot_deployment import SlotDeployment
from blocks.placeholders import placeholders
from blocks.platforms.contract import BlueGreen
from blocks.program import SlotName

RELEASE = "release"


def _names_the_release(image: str) -> str:
    if placeholders(image) != {RELEASE}:
        raise ValueError("an image names its release by {release}, and by nothing else in braces")
    return image


class ColoursSettings(BlueGreen):
    """The settings of the platform `kubernetes_blue_green`."""

    model_config = ConfigDict(serialize_by_alias=True)

    connection: ClusterSettings = Field(alias="cluster", description="The cluster and the namespace.")
    places: dict[SlotName, SlotDeployment] = Field(
        alias="slots", min_length=2, description="Slot -> its Deployment."
    )
    version_label: str = Field(
        default=VERSION_LABEL,
        description="The label of the pod template that says the release; without it the image's tag does, then its digest.",
    )
    image: Annotated[str, AfterValidator(_names_the_release)] | None = Field(
        default=None,
        description="The image of a release, `registry.example.com/shop:{release}`: `deploy` gives it and the label to the slot's"
        " Deployment. Without it `deploy.install` has to put a release into a slot.",
    )
    start_timeout_s: float = Field(
        default=300.0, gt=0, le=3600, description="Seconds until all pods of a slot must be ready."
    )
    stalled_s: float = Field(
        default=20.0,
        ge=0,
        le=600,
        description="Seconds after which a slot is given up whose pods cannot start: an image that cannot be pulled, a"
        " crash loop, a missing ConfigMap, a quota.",
    )
    health_timeout_s: float = Field(
        default=15.0, ge=0, description="Seconds until a slot must be healthy, once its pods are ready."
    )
    move_connections: bool = Field(
        default=False,
        description="After a switch, restart the pods of the slot that was left, one by one, so that clients which keep"
        " connections open connect anew. Each such connection is cut once.",
    )
    public: list[str] = Field(
        default_factory=list,
        description="Names of variables whose values are no secrets; all others are masked.",
    )

    @model_validator(mode="after")
    def _deployments_differ(self) -> Self:
        if len(set(self.names)) < len(self.places):
            raise ValueError("a Deployment belongs to two slots")
        return self

    def upstreams(self) -> Mapping[str, str]:
        """Slot -> its labels, or its Service, as the router knows it."""
        return {name: place.upstream or f"color={name}" for name, place in self.places.items()}

    @property
    def patience(self) -> Patience:
        """How long slots are waited for."""
        return Patience(self.start_timeout_s, self.stalled_s, self.health_timeout_s)

    @property
    def names(self) -> list[str]:
        """The Deployments of all slots."""
        return [place.deployment for place in self.places.values()]
