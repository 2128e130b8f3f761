"""Images that only Backout holds, on the real engine."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from blocks.platforms.compose import Compose
from domain.release import Release
from tests.blocks.pins_contract import SHOP, PinsContract

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.engine

KEPT = "backout-kept/shop--production"


@pytest.fixture
def name() -> str:
    return f"pinning-{uuid4().hex[:8]}"


@pytest.fixture
def releases(engine: "DockerClient", base_image: str, name: str) -> Iterator[list[Release]]:
    """Each was built over the one before, under the same name, as CI does with `latest`."""
    made = []
    for number in (1, 2, 3):
        text = f"FROM {base_image}\nLABEL made-for={name} number={number}\n"
        image, _ = engine.images.build(fileobj=BytesIO(text.encode()), tag=name, rm=True)
        # As long as an application's: two tests at once have the same releases, and each its own images.
        made.append(
            Release(
                application=SHOP, version=f"{number}.0-{name}", images={"web": str(image.id)}, slot="blue"
            )
        )
    yield made[::-1]
    for image in engine.images.list(filters={"label": f"made-for={name}"}, all=True):
        engine.images.remove(image.id, force=True)


@pytest.fixture
def clean_up(engine: "DockerClient", name: str) -> Callable[[], None]:
    """`docker image prune`, of this test's images alone."""
    return lambda: engine.images.prune(filters={"dangling": True, "label": f"made-for={name}"})


@pytest.fixture
def platform(name: str) -> Compose:
    slots = {slot: {"services": [slot], "address": f"http://{slot}:8080"} for slot in ("blue", "green")}
    router = {"kind": "caddy_file", "file": "/run/shop/active", "address": "http://127.0.0.1:1"}
    settings = {"name": name, "folder": "/", "files": ["compose.yaml"]}
    return Compose.model_validate({"project": settings, "slots": slots, "router": router})


class TestPinsImages(PinsContract):
    def test_a_tag_that_is_the_last_name_of_an_image_stays_and_is_said(
        self, platform: Compose, engine: "DockerClient", releases: list[Release]
    ) -> None:
        newest, middle, _oldest = releases
        middle_image = engine.images.get(middle.images["web"])
        middle_image.tag("shop", middle.version)
        platform.pin(SHOP, releases)
        said = platform.pin(SHOP, [newest])
        ours = [line for line in said if line.startswith(KEPT) and line.partition(" ")[0].endswith("web")]
        assert any("1.0" in line and "no other name" in line for line in ours)
        assert not any("2.0" in line for line in ours)
        assert engine.images.get(middle.images["web"]).tags == [f"shop:{middle.version}"]

    def test_what_another_application_holds_is_left_alone(
        self, platform: Compose, releases: list[Release], clean_up: Callable[[], None]
    ) -> None:
        platform.pin("shop/staging", releases)
        platform.pin(SHOP, [])
        clean_up()
        assert [platform.lost(release) for release in releases] == ["", "", ""]
