"""Applied applications with their secrets: from the environment, else from the block in Prefect."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from blocks.channels.logfile import Logfile
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.applications import Channels, document
from deployments.prefect_api import PrefectApi
from domain.errors import MissingSecret, PrefectUnavailable, Unreachable
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]


class Api:
    """A Prefect that keeps the block's secrets."""

    def __init__(self) -> None:
        self.kept = {"SHOP_LOG": "/var/log/shop", "SHOP_PATH": "/health"}
        self.asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def secrets(self, _application: str) -> dict[str, str]:
        self.asked += 1
        return self.kept


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api()
    monkeypatch.setattr(PrefectApi, "find", lambda _home: api)
    return api


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(
        tmp_path,
        health={"kind": "http", "path": "${SHOP_PATH}"},
        channels=[
            {"kind": "logfile", "name": "one", "path": "${SHOP_LOG}"},
            {"kind": "logfile", "path": "/var/log/two"},
        ],
    )


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        configurations.keep(
            here.store.database, Applied(scene.name, scene.raw, "digest", "backout.yaml"), "ann"
        )
        yield here


def path_of(channels: Channels, name: str) -> str:
    channel = channels[name]
    assert isinstance(channel, Logfile)
    return str(channel.path)


def test_what_the_environment_lacks_comes_from_the_block(api: Api, scene: Scene, here: Installation) -> None:
    found = document(here, scene.name)
    assert api.asked == 1
    assert path_of(Channels(here, scene.name), "one") == "/var/log/shop"
    assert found.channels[0].name == "one"


def test_the_block_is_not_asked_where_the_environment_has_all(
    api: Api, scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in api.kept.items():
        monkeypatch.setenv(name, value)
    document(here, scene.name)
    assert api.asked == 0


def test_a_channel_needs_its_own_secrets_only_and_waits_for_them(
    api: Api, scene: Scene, here: Installation
) -> None:
    api.kept = {}
    channels = Channels(here, scene.name)
    assert path_of(channels, "logfile") == "/var/log/two"
    with pytest.raises(Unreachable, match="SHOP_LOG") as caught:
        channels.get("one")
    assert caught.value.retryable
    assert channels.get("three") is None


def test_without_prefect_the_missing_variable_is_named(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(_home: object) -> None:
        raise PrefectUnavailable("Prefect", "here", "no `backout serve` runs here")

    monkeypatch.setattr(PrefectApi, "find", find)
    with pytest.raises(MissingSecret, match="SHOP_PATH"):
        document(here, scene.name)
