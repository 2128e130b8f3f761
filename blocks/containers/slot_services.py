"""A slot of a Compose project: the services it is made of, as `backout.yaml` names them."""

from collections.abc import Collection, Sequence
from typing import Annotated, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from blocks.containers.container import Container
from blocks.fields import BaseUrl, dial_of
from domain.release import Slot

ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$")]
"""A service's name: it can never be taken for an option."""

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""As `.env` may have it."""

Dial = Annotated[str, StringConstraints(pattern=r"^\S+:\d+$")]
"""`host:port`."""


class SlotServices(BaseModel):
    """What runs in one slot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    services: list[ServiceName] = Field(
        min_length=1, description="Its services; the first one names the release. Started last to first."
    )
    address: BaseUrl = Field(
        description="Where the slot itself answers, past the router. A host that is one of its services stands for that"
        " container's own address."
    )
    upstream: Dial = Field(
        default_factory=lambda settings: dial_of(settings["address"]) if "address" in settings else "",
        description="`host:port` as the router dials it; by default that of `address`.",
    )
    metrics: list[Dial] = Field(
        default_factory=lambda settings: [settings.get("upstream", "")],
        description="`host:port` that Prometheus scrapes; by default `upstream`.",
    )

    release_variable: VariableName | None = Field(
        default=None,
        description="Variable of `.env`, in the project's `folder`, that says the slot's release, as in"
        " `image: shop:${GREEN_VERSION}`: `deploy` writes it and makes the slot's containers anew. Without it `deploy.install`"
        " has to.",
    )

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(set(self.services)) < len(self.services):
            raise ValueError("a service is named twice")
        return self

    def slot(self, name: str, containers: Sequence[Container], declared: Sequence[str]) -> Slot:
        """The slot as its containers are now.

        Args:
            name: the slot's.
            containers: those of its services.
            declared: names of the release that the Compose file gives, for a service that has no container.
        """
        down = self.down(containers)
        first = [one for one in containers if one.service == self.services[0]]
        names = first[0].names if first else list(declared)
        started = [one.since for one in containers if one.since]
        return Slot(
            name=name,
            version=names[0] if names else None,
            also=names[1:],
            running=not down,
            address=self._address(containers),
            since=max(started) if started and not down else None,
            restarts=sum(one.restarts for one in containers),
            detail="; ".join(down.values()) or _all_run(containers),
        )

    def down(self, containers: Sequence[Container]) -> dict[str, str]:
        """Service -> what is the matter, for each of its services that does not run."""
        trouble = {}
        for service in self.services:
            own = [one for one in containers if one.service == service]
            ended = next((one for one in own if not one.running), None)
            if not own:
                trouble[service] = f"{service} has no container"
            elif ended:
                trouble[service] = f"{service} {ended.detail}"
        return trouble

    def _address(self, containers: Sequence[Container]) -> str | None:
        """The address with a service's name replaced; None where that service has no address now."""
        parts = urlsplit(self.address)
        if parts.hostname not in {service.lower() for service in self.services}:
            return self.address
        own = (one for one in containers if one.running and one.service.lower() == parts.hostname)
        found = next((address for one in own for address in one.addresses), None)
        if found is None:
            return None
        port = f":{parts.port}" if parts.port else ""
        return urlunsplit(parts._replace(netloc=f"{found}{port}"))


def require_distinct(places: Sequence[SlotServices], variables: Collection[str]) -> None:
    """Raise ValueError where slots share a service or a variable, or one of the project's `variables` hides a slot's in `.env`."""
    services = [service for place in places for service in place.services]
    if len(set(services)) < len(services):
        raise ValueError("a service belongs to two slots")
    named = [place.release_variable for place in places if place.release_variable]
    if len(set(named)) < len(named) or set(named) & set(variables):
        raise ValueError("each slot needs a release_variable of its own, which `variables` does not set")


def _all_run(containers: Sequence[Container]) -> str:
    return ", ".join(f"{one.name} {one.detail}" for one in containers)
