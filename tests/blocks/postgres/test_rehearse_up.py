"""A release's migrations, tried on a clone of a real database: up, and down again."""

from pathlib import Path

import pytest

from blocks.migrations.sql_files import SqlFiles
from blocks.postgres.catalog import schema_of
from blocks.postgres.programs import Programs
from blocks.postgres.rehearse_up import rehearse_up
from blocks.postgres.server import Server
from domain.rollout import Upward
from tests.blocks.postgres.steps import FIRST


def tried(server: Server, folder: Path, up: str, down: str | None) -> Upward:
    """The second migration is pending; the database in use is the same before and after."""
    (folder / "0001_shop.up.sql").write_text(FIRST)
    (folder / "0001_shop.down.sql").write_text("DROP TABLE visits, orders, users;")
    migrations = SqlFiles(folder=folder)
    migrations.up(server)
    (folder / "0002_change.up.sql").write_text(up)
    if down is not None:
        (folder / "0002_change.down.sql").write_text(down)
    with server.connected() as connection:
        before = schema_of(connection)
    found = rehearse_up(server, migrations, Programs())
    with server.connected() as connection:
        assert schema_of(connection) == before
    assert migrations.status(server).version == "0001"
    return found


ADD, DROP = "ALTER TABLE users ADD phone text", "ALTER TABLE users DROP phone"


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        (ADD, DROP, {}),
        (ADD, None, {"no_way_down": "0002"}),
        (ADD, "SELECT 1", {"no_way_down": "does not lead back to the schema of 0001: column public.users.phone"}),
        ("ALTER TABLE users DROP email", "ALTER TABLE users ADD email varchar(40)", {"breaks": "column public.users.email is gone"}),
        ("DROP TABLE visits", "CREATE TABLE visits (page text, seconds int)", {"breaks": "table public.visits is gone"}),
        ("ALTER TABLE userz DROP email", None, {"failed": "userz"}),
    ],
)  # fmt: skip
def test_what_a_release_would_do(
    server: Server, tmp_path: Path, up: str, down: str | None, expected: dict[str, str]
) -> None:
    found = tried(server, tmp_path, up, down)
    assert (found.before, found.pending) == ("0001", ["0002"])
    assert expected.get("failed", "") in found.failed
    assert bool(found.failed) is ("failed" in expected)
    assert ("breaks" in expected) is bool(found.breaks)
    assert expected.get("breaks", "") in "; ".join(found.breaks)
    if "no_way_down" in expected:
        assert expected["no_way_down"] in found.no_way_down
    elif not found.breaks:
        assert found.no_way_down == ""


def test_nothing_pending_needs_no_clone(server: Server, tmp_path: Path) -> None:
    (tmp_path / "0001_shop.up.sql").write_text(FIRST)
    migrations = SqlFiles(folder=tmp_path)
    migrations.up(server)
    found = rehearse_up(server, migrations, Programs())
    assert (found.before, found.pending, found.said) == ("0001", [], "no migration; schema 0001 stays")
