"""What the containers of a slot were made from, by the engine's word."""

from collections.abc import Sequence
from typing import Any

from blocks.containers.container import Container
from blocks.containers.engine import engine
from blocks.containers.slot_services import SlotServices
from blocks.identity import Identified
from domain.release import Identity


class OfContainers(Identified):
    """For platforms whose slots are services with containers."""

    def identity(self, slot: str) -> Identity:
        """Service -> the digest that a registry knows its image by; the image's own id where none does."""
        place = self._place(slot)
        with engine() as client:
            found = self._containers(client, place.services)
            return Identity(images={one.service: _digest(client, one) for one in found})

    def _place(self, slot: str) -> SlotServices:
        """The slot's services. Raises UnknownSlot."""
        raise NotImplementedError

    def _containers(self, client: Any, services: Sequence[str]) -> list[Container]:
        """Those of these services."""
        raise NotImplementedError


def _digest(client: Any, one: Container) -> str:
    from docker.errors import ImageNotFound

    try:
        pushed = client.images.get(one.image_id).attrs.get("RepoDigests") or []
    except ImageNotFound:  # removed by force: the container runs on
        return one.image_id
    return str(pushed[0]).rpartition("@")[2] if pushed else one.image_id
