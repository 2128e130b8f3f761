"""A release in the place of a tool: an image's tag, or a word that no place can be called."""

from typing import Any

import pytest

from blocks.databases.contract import Bring
from blocks.migration_steps.places import InImage
from blocks.migrations.command import CommandMigrations
from blocks.postgres.changes import PostgresChanges
from blocks.postgres.server import Server
from domain.errors import ConfigurationError, NotPrepared
from tests.blocks.migrations.contract import migrations

SERVER = Server("postgresql://u@127.0.0.1:1/shop", "postgresql://u@127.0.0.1:1/shop")  # type: ignore[arg-type]


def command(**place: Any) -> CommandMigrations:
    settings = {
        "kind": "command",
        "place": place,
        "status_command": ["./migrate"],
        "applied_pattern": r"^(\d+)$",
    }
    made = migrations(settings)
    assert isinstance(made, CommandMigrations)
    return made


def changes_with(made: CommandMigrations, bring: Bring) -> PostgresChanges:
    """Nothing of it but its migrations is used."""
    none: Any = None
    return PostgresChanges(
        "shop/production", SERVER, none, folder=none, retention=none, jobs=1, drain_s=1, migrations=made, bring=bring
    )  # fmt: skip


def test_in_an_images_name_a_release_is_written_as_its_tag() -> None:
    tool = command(kind="image", name="registry:5000/shop:{release}", network="shop")._tool(SERVER, "2.0+7")
    assert isinstance(tool.place, InImage)
    assert tool.place.name == "registry:5000/shop:2.0_7"


def test_what_cannot_be_filled_in_is_an_error_of_the_settings() -> None:
    with pytest.raises(ConfigurationError, match=r"release 2.0\+7"):
        command(kind="container", name="shop-{release}")._tool(SERVER, "2.0+7")
    with pytest.raises(ConfigurationError, match="no release is known"):
        command(kind="image", name="shop:{release}")._tool(SERVER, None)


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ({"kind": "image", "name": "shop:{release}"}, True),
        ({"kind": "image", "name": "shop:stable"}, False),
        ({"kind": "compose", "service": "web", "file": "/srv/{release}/compose.yaml"}, False),
    ],
)
def test_only_an_image_of_the_release_has_to_be_brought(place: dict[str, Any], asked: bool) -> None:
    brought: list[str] = []
    changes = changes_with(command(**place), brought.append)
    changes._of("2.0")
    assert brought == (["2.0"] if asked else [])


def test_an_image_that_cannot_be_made_leaves_the_version_of_a_backup_unknown() -> None:
    def cannot(release: str) -> None:
        raise NotPrepared(release=release, why="its build fails")

    changes = changes_with(command(kind="image", name="shop:{release}"), cannot)
    with pytest.raises(NotPrepared):
        changes.status("2.0")
    assert changes.version("2.0") is None
