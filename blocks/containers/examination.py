"""What is wrong with a Compose project, and what mends it, for `backout doctor`."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.compose_program import ComposeProject
from blocks.containers import container as containers
from blocks.containers.container import Container
from blocks.containers.engine import address, engine
from blocks.containers.slot_services import SlotServices
from blocks.containers.words import lines_of
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError

LAST_LINES = 3
NAME, ENGINE = "container", "Docker engine"
START, RESTART = "start", "restart"
OF_ENGINE = 'FlappyJournal "Rollback Script Fails" 1'
OF_SLOTS = 'FlappyJournal "Backup Environment Not Healthy" 1-3'
OF_OTHERS = 'FlappyJournal "Check Environment Status", "Database Connection Problems" 2'


@dataclass(frozen=True)
class Examined:
    """A project, as its platform's settings name it.

    Attributes:
        serving: the slot that has the traffic, or may have it: its services are not restarted by us.
        router: the router's container, which is examined by the router.
        public: words that are no secrets.
    """

    project: ComposeProject
    places: Mapping[str, SlotServices]
    serving: str | None
    router: str | None
    public: Sequence[str]

    def checkups(self) -> list[Checkup]:
        """The engine; each slot's services; the project's other services. Never raises."""
        try:
            with engine() as client:
                version = client.version()["Version"]
                found = containers.of_project(client, self.project.name)
                seen = [*self._slots(client, found), *self._others(client, found)]
        except BackoutError as error:
            by_hand = Remedy(command="systemctl status docker; systemctl start docker; docker info")
            return [wrong(ENGINE, address(), error.what(), by_hand, source=OF_ENGINE, symptom="no answer")]
        return [well(ENGINE, address(), f"answers, version {version}", source=OF_ENGINE), *seen]

    def _slots(self, client: Any, found: Sequence[Container]) -> Iterator[Checkup]:
        for slot, place in self.places.items():
            for service in place.services:
                own = [one for one in found if one.service == service]
                if not own:
                    up = self._up(f"{START} {slot}", service)
                    yield wrong(
                        NAME, service, "has no container", up, source=OF_SLOTS, symptom="no container"
                    )
                for one in own:
                    yield self._slots_service(client, one, slot)

    def _slots_service(self, client: Any, one: Container, slot: str) -> Checkup:
        if one.state in {"running", "restarting"}:
            name = "" if self.serving in (slot, None) else f"{RESTART} {one.service}"
            remedy = Remedy(name=name, command=shlex.join(self.project.argv("restart", one.service)))
        else:
            remedy = self._up(f"{START} {slot}", one.service)
        return self._checkup(client, one, remedy, OF_SLOTS)

    def _others(self, client: Any, found: Sequence[Container]) -> Iterator[Checkup]:
        of_slots = {service for place in self.places.values() for service in place.services}
        for one in found:
            if one.service not in of_slots and one.name != self.router:
                command = shlex.join(self.project.argv("restart", one.service))
                remedy = Remedy(name=f"{RESTART} {one.service}", command=command)
                if one.state == "exited" and one.exit_code == 0 and not one.kept_up:
                    said = f"{one.name} {one.detail}: well where it had one thing to do"
                    yield unseen(NAME, one.service, said, remedy, source=OF_OTHERS)
                else:
                    yield self._checkup(client, one, remedy, OF_OTHERS)

    def _up(self, name: str, service: str) -> Remedy:
        argv = self.project.argv("up", "--detach", "--no-deps", "--no-recreate", service)
        return Remedy(name=name, command=shlex.join(argv))

    def _checkup(self, client: Any, one: Container, remedy: Remedy, source: str) -> Checkup:
        said = f"{one.name} ({one.version}) {one.detail}"
        if one.running and one.health != "unhealthy":
            return well(NAME, one.service, said, source=source)
        last = " | ".join(line.strip() for line in lines_of(client, [one], LAST_LINES, self.public))
        symptom = "unhealthy" if one.running else one.state
        said = f"{said}; its log ends: {last or '(empty)'}"
        return wrong(NAME, one.service, said, remedy, source=source, symptom=symptom)
