"""Blue and green as services of one Docker Compose project, behind a router."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, Self

import docker  # noqa: F401 - half a second, spent before a worker forks and not in an emergency
import yaml
from pydantic import ConfigDict, Field, model_validator

from blocks.compose_program import ComposeProject
from blocks.containers import container as containers
from blocks.containers import declared, installing, targets
from blocks.containers.container import Container
from blocks.containers.engine import engine
from blocks.containers.examination import RESTART, START, Examined
from blocks.containers.pinning import PinsImages
from blocks.containers.proving import Sight, prove
from blocks.containers.rendered import without_secrets
from blocks.containers.restarting import marks_of, restart_in_turn
from blocks.containers.slot_services import SlotServices, require_distinct
from blocks.containers.words import lines_of, usage_of
from blocks.fields import AbsolutePath
from blocks.hosts.local import nothing
from blocks.idle_slot import require_idle
from blocks.installable import Installable
from blocks.platforms.contract import Aligned, Look, Standing, Unproven
from blocks.program import SlotName
from blocks.restartable import Restartable
from blocks.startable import Startable
from domain.checkup import Checkup
from domain.errors import BackoutError, CommandFailed, UnknownRemedy, UnknownSlot, Unreachable
from domain.release import Slot, Usage

UP_S = 600.0
"""Seconds that `compose up` gets: it may have to fetch an image."""

REASON_LINES = 3


class Compose(Startable, Restartable, Installable, PinsImages):
    """Each slot is some services of the project.

    Containers are read and acted on through the engine's API; a service without a container is brought up by the
    compose program, which touches no other and recreates nothing.

    The release of a slot is the one its containers were made with: what the Compose file or `.env` say by now counts
    only for a slot that has no container.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["compose"] = "compose"
    project: ComposeProject = Field(description="The Compose project.")
    places: dict[SlotName, SlotServices] = Field(
        alias="slots",
        min_length=1,
        description="Slot -> its services. One alone has nowhere to go back to: a staging that is promoted from.",
    )
    start_timeout_s: float = Field(
        default=60.0, gt=0, description="Seconds until a started slot must be healthy."
    )
    stop_timeout_s: float = Field(default=10.0, gt=0, description="Seconds from SIGTERM to SIGKILL.")
    targets_file: AbsolutePath | None = Field(
        default=None,
        description="File of targets for Prometheus (`file_sd_configs`), rewritten after each switch: every slot's"
        " `metrics` with the labels `slot`, `active` and `version`.",
    )
    public: list[str] = Field(
        default_factory=list,
        description="Names of variables whose values are no secrets; all others are masked.",
    )

    @model_validator(mode="after")
    def _slots_are_apart(self) -> Self:
        require_distinct(list(self.places.values()), self.project.variables)
        return self

    def upstreams(self) -> Mapping[str, str]:
        """Slot -> `host:port` as the router dials it."""
        return {name: place.upstream for name, place in self.places.items()}

    def slots(self) -> list[Slot]:
        """All slots, in the order of the settings."""
        return [self._see(name).slot for name in self.places]

    def slot(self, name: str) -> Slot:
        """The slot as its containers are now."""
        return self._see(name).slot

    def prepare(self, slot: str, look: Look) -> Standing | Unproven:
        """Start the slot where it is down, then look until it is healthy, crashes, or `start_timeout_s` is over."""
        try:
            self.start(slot)
        except CommandFailed as error:
            return Unproven(slot=self.slot(slot), reason=error.what())
        return prove(lambda: self._see(slot), look, lambda: self._last_words(slot), self.start_timeout_s)

    def start(self, slot: str) -> None:
        """Start its containers, the last service first; those that are missing are made, none is made anew."""
        place = self._place(slot)
        with engine() as client:
            found = self._containers(client, place.services)
            for service in reversed(place.services):
                for one in found:
                    if one.service == service and one.state not in {"running", "restarting"}:
                        containers.start(client, one)
        there = {one.service for one in found}
        missing = [service for service in place.services if service not in there]
        if missing:
            self.project.run(
                "up", "--detach", "--no-deps", "--no-recreate", "--no-build", *missing, timeout_s=UP_S
            )

    def lacking(self, slot: str) -> str:
        """The images of those services that have no container: `start` builds and fetches none."""
        place = self._place(slot)
        with engine() as client:
            there = {one.service for one in self._containers(client, place.services)}
            missing = [service for service in place.services if service not in there]
            return declared.lacking(client, self.project.rendered(), missing) if missing else ""

    @property
    def installs(self) -> bool:
        """Whether each slot has its `release_variable`."""
        return all(place.release_variable for place in self.places.values())

    def install(self, slot: str, release: str, meanwhile: Callable[[], None] = nothing) -> None:
        """The variable, then `compose up` of the slot's services: it fetches images that are not here, and builds none."""
        if self.slot(slot).version != release:
            require_idle(self.route(), slot)
            installing.put_in(self.project, self._place(slot), slot, release, UP_S, meanwhile)

    def stop(self, slot: str) -> None:
        """Stop its containers, the first service first. Raises Conflict, CommandFailed, Unreachable, UnknownSlot."""
        place = self._place(slot)
        require_idle(self.route(), slot)
        with engine(self.stop_timeout_s + UP_S) as client:
            for one in self._containers(client, place.services):
                containers.stop(client, one, self.stop_timeout_s)

    def instances(self, slot: str) -> dict[str, str]:
        """Its containers, those of the last service first."""
        order = self._place(slot).services
        return marks_of(sorted(self._see(slot).containers, key=lambda one: -order.index(one.service)))

    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """The same containers, each until it runs and its HEALTHCHECK is content; none is made anew."""
        now = self.instances(slot)
        with engine(self.stop_timeout_s + UP_S) as client:
            restart_in_turn(client, instances, now, self.stop_timeout_s, self.start_timeout_s)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its services together, by time; values of their variables are masked."""
        place = self._place(slot)
        with engine() as client:
            found = self._containers(client, place.services)
            return lines_of(client, found, lines, self._public(found))

    def usage(self, slot: str) -> Usage | None:
        """What its containers use; None where none runs."""
        services = self._place(slot).services
        with engine() as client:
            return usage_of(client, self._containers(client, services))

    def configuration(self) -> dict[str, str]:
        """`platform.yaml`: the settings; `compose.yaml`: what `compose config` says; `images.json`: what really runs."""
        with engine() as client:
            found = containers.of_project(client, self.project.name)
        running = {
            one.name: {"service": one.service, "image": one.image, "id": one.image_id} for one in found
        }
        return {
            "platform.yaml": yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False),
            "compose.yaml": self._rendered(self._public(found)),
            "images.json": json.dumps(running, indent=2),
        }  # fmt: skip

    def align(self, slot: str, *, thorough: bool) -> Aligned:  # noqa: ARG002 - nothing here is restarted for it
        """Write `targets_file`, so that metrics and logs follow the slot that serves."""
        if self.targets_file is None:
            return Aligned()
        try:
            targets.write(self.targets_file, self.places, self.slots(), active=slot)
        except (OSError, Unreachable) as error:
            return Aligned(left=[f"Prometheus targets in {self.targets_file}: {error}".splitlines()[0]])
        return Aligned(done=[f"Prometheus targets in {self.targets_file}: {slot} is active"])

    def examine(self) -> list[Checkup]:
        """The engine, each slot's services, and the project's others, with the last words of what is down."""
        serving = None
        with suppress(BackoutError):  # a router that cannot be asked is said by its own checkup
            serving = self.route().slot
        router = getattr(self.router, "container", None)
        return Examined(self.project, self.places, serving, router, self._public([])).checkups()

    def mend(self, remedy: str) -> str:
        """`start SLOT`, or `restart SERVICE`."""
        act, _, on = remedy.partition(" ")
        if act == START and on in self.places:
            self.start(on)
            return f"slot {on} was started"
        if act != RESTART:
            raise UnknownRemedy(adapter=self.kind, remedy=remedy)
        with engine(self.stop_timeout_s + UP_S) as client:
            found = self._containers(client, [on])
            for one in found:
                containers.restart(client, one, self.stop_timeout_s)
        if not found:
            raise UnknownRemedy(adapter=self.kind, remedy=remedy)
        return f"service {on} was restarted"

    def _place(self, slot: str) -> SlotServices:
        if slot not in self.places:
            raise UnknownSlot(slot=slot, known=list(self.places))
        return self.places[slot]

    def _containers(self, client: Any, services: Sequence[str]) -> list[Container]:
        return containers.of_project(client, self.project.name, services)

    def _see(self, slot: str) -> Sight:
        place = self._place(slot)
        with engine() as client:
            found = self._containers(client, place.services)
            first = place.services[0]
            declared = [] if any(one.service == first for one in found) else self._declared(client, first)
        return Sight(place.slot(slot, found, declared), found)

    def _declared(self, client: Any, service: str) -> list[str]:
        """What the Compose file calls the release of a service without a container; nothing where it cannot be told."""
        with suppress(CommandFailed):
            return declared.names(client, self.project.rendered(), service)
        return []

    def _rendered(self, public: Sequence[str]) -> str:
        try:
            document = self.project.rendered()
        except CommandFailed as error:  # evidence that cannot be had must not stop a rollback
            return f"# not rendered: {' '.join(error.what().split())}\n"
        return yaml.safe_dump(without_secrets(document, public), sort_keys=False)

    def _public(self, found: Sequence[Container]) -> list[str]:
        """Words that are no secrets though a variable may hold them: names of services, releases and images."""
        words = {word for one in found for word in (one.name, one.service, one.image, *one.names)}
        named = {service for place in self.places.values() for service in place.services}
        return [*self.public, *self.places, *sorted(words | named), self.project.name]

    def _last_words(self, slot: str) -> str:
        return " | ".join(line.strip() for line in self.logs(slot, REASON_LINES))
