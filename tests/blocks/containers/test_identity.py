"""What a slot's containers are made from, by the word of the real engine."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from blocks.containers.container import PROJECT, SERVICE
from blocks.platforms.compose import Compose
from domain.errors import UnknownSlot

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.engine


@pytest.fixture
def project(engine: "DockerClient", base_image: str) -> Iterator[str]:
    """A service that is down; it was made from an image of that name, which no registry knows."""
    name = f"identity-{uuid4().hex[:8]}"
    dockerfile = BytesIO(f"FROM {base_image}\nLABEL made-for={name}\n".encode())
    image, _ = engine.images.build(fileobj=dockerfile, tag=name, rm=True)
    made = engine.containers.create(image, "true", labels={PROJECT: name, SERVICE: "blue-web"})
    yield name
    made.remove(force=True)
    engine.images.remove(name, force=True)


@pytest.fixture
def platform(project: str) -> Compose:
    slots = {
        slot: {"services": [f"{slot}-web"], "address": f"http://{slot}-web:8080"}
        for slot in ("blue", "green")
    }
    router = {"kind": "caddy_file", "file": "/run/shop/active", "address": "http://127.0.0.1:1"}
    settings = {"name": project, "folder": "/", "files": ["compose.yaml"]}
    return Compose.model_validate({"project": settings, "slots": slots, "router": router})


def test_a_service_names_the_image_that_its_container_was_made_from(
    platform: Compose, engine: "DockerClient", project: str
) -> None:
    assert platform.identity("blue").images == {"blue-web": engine.images.get(project).id}


def test_a_slot_without_containers_is_made_of_nothing(platform: Compose) -> None:
    assert platform.identity("green").images == {}
    with pytest.raises(UnknownSlot):
        platform.identity("red")
