"""`command` and what tools do: lie, print secrets, go elsewhere, run in containers and pods."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from blocks.postgres.writes import stopped_writes
from domain.errors import (
    CommandFailed,
    ConfigurationError,
    NoDownStep,
    SchemaDirty,
    StepFailed,
    UnknownVersion,
)
from tests.blocks.migrations.contract import AT_9, migrations
from tests.blocks.migrations.shop import SHOP, make_database, relations
from tests.blocks.migrations.sql_pairs import write_pairs
from tests.blocks.migrations.test_command import tool
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.conftest import PASSWORD

STAND_IN = """#!/bin/sh
# A client's stand-in: notes its arguments, then runs the command as the place would, in an environment of its own.
echo "$@" >> "{notes}"
while [ "$1" != sh ]; do shift; done
exec env -u DATABASE_URL "$@"
"""


@pytest.fixture
def postgres(newest: Cluster) -> Cluster:
    return newest


def says(text: str, code: int = 0) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})"]


def shop(folder: Path, **more: Any) -> Migrations:
    write_pairs(folder, SHOP)
    settings = {
        "kind": "command",
        "status_command": tool(str(folder), "status"),
        "down_command": tool(str(folder), "down"),
        "up_command": tool(str(folder), "up", "{version}"),
        "applied_pattern": r"^applied (\d+)$",
        "pending_pattern": r"^pending (\d+)$",
    }
    return migrations({**settings, **more})


def test_npm_runs_the_migrations_of_aldeia(server: Server, tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    scripts = {f"migrate:{act}": " ".join(tool(str(tmp_path), act)) for act in ("status", "down", "up")}
    (tmp_path / "package.json").write_text(
        json.dumps({"name": "shop", "version": "1.0.0", "scripts": scripts})
    )
    run = [npm, "run", "--silent"]
    commands = {f"{act}_command": [*run, f"migrate:{act}"] for act in ("status", "down", "up")}
    adapter = shop(tmp_path, **commands, cwd=str(tmp_path))
    assert adapter.up(server) == ["9", "10", "11"]
    assert adapter.down(server, "9") == ["11", "10"]
    assert relations(server) == AT_9


@pytest.mark.parametrize(
    ("place", "noted"),
    [
        ({"kind": "container", "name": "shop-{release}", "docker": ["CLIENT"]}, "exec --interactive shop-v1.2 sh -c"),
        ({"kind": "compose", "service": "backend", "compose": ["CLIENT"]}, "exec -T backend sh -c"),
        ({"kind": "pod", "name": "deployment/api", "kubectl": ["CLIENT"]}, "exec --stdin deployment/api -- sh -c"),
    ],
    ids=["container", "compose", "pod"],
)  # fmt: skip
def test_the_address_reaches_the_place_and_no_argument(
    server: Server, tmp_path: Path, place: dict[str, Any], noted: str
) -> None:
    client, notes = tmp_path / "client", tmp_path / "notes"
    client.write_text(STAND_IN.format(notes=notes))
    client.chmod(0o755)
    place = {key: [str(client)] if value == ["CLIENT"] else value for key, value in place.items()}
    adapter = shop(tmp_path, place=place)
    assert adapter.up(server, release="v1.2") == ["9", "10", "11"]
    assert adapter.down(server, "10", release="v1.2") == ["11"]
    assert noted in notes.read_text()
    assert "postgresql" not in notes.read_text()
    (step,) = adapter.plan_down(server, "9", release="v1.2")
    assert step.source.endswith(f"{noted.removesuffix('sh -c')}{' '.join(tool(str(tmp_path), 'down'))}")


def test_a_tool_with_an_address_of_its_own_is_kept_from_clones(server: Server, tmp_path: Path) -> None:
    own = {"DATABASE_URL": server.owner_url.get_secret_value()}
    adapter = shop(tmp_path, env=own, url_variable="ELSEWHERE")
    assert adapter.up(server) == ["9", "10", "11"]
    clone = make_database(server, f"{server.database}__clone_1")
    for act in (adapter.plan_down, adapter.down):
        with pytest.raises(ConfigurationError, match="takes its address not from ELSEWHERE"):
            act(server, None, clone)
    assert "orders.id" in relations(server)
    with pytest.raises(ConfigurationError, match="is needed, with url_variable"):
        shop(tmp_path, env=own, url_variable=None).down(server, None, clone)


def test_a_tool_that_ends_well_and_did_nothing_failed(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, down_command=says("rolled back 11"))
    adapter.up(server)
    with pytest.raises(StepFailed, match="did something else than asked") as failed:
        adapter.down(server, "9")
    assert (failed.value.version, failed.value.left) == ("11", "applied now: 9, 10, 11")


def test_a_tool_that_undoes_more_than_asked_failed(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, down_command=tool(str(tmp_path), "down", "9"))
    adapter.up(server)
    with pytest.raises(StepFailed, match="did something else than asked") as failed:
        adapter.down(server, "10")
    assert failed.value.left == "applied now: 9"


def test_what_it_prints_is_shown_without_the_password(server: Server, tmp_path: Path) -> None:
    script = "import os, sys; sys.exit('cannot reach ' + os.environ['DATABASE_URL'])"
    adapter = shop(tmp_path, down_command=[sys.executable, "-c", script])
    adapter.up(server)
    with pytest.raises(StepFailed, match="cannot reach") as failed:
        adapter.down(server, "9")
    assert PASSWORD not in failed.value.why
    assert "pass%3Aword" not in failed.value.why


def test_a_dirty_status_is_refused(server: Server, tmp_path: Path) -> None:
    status = says("applied 9\nfailed 10")
    adapter = shop(tmp_path, status_command=status, dirty_pattern=r"^failed (\d+)$")
    assert adapter.status(server).dirty == "10"
    with pytest.raises(SchemaDirty, match="says so"):
        adapter.down(server, None)


@pytest.mark.parametrize(
    ("status", "told"), [(says("hello"), "neither applied_pattern"), (says("x", 3), "ended with 3")]
)
def test_a_status_that_says_nothing_is_no_empty_schema(
    server: Server, tmp_path: Path, status: list[str], told: str
) -> None:
    with pytest.raises(CommandFailed, match=told):
        shop(tmp_path, status_command=status).down(server, None)


def test_a_program_that_is_not_there_is_told(server: Server, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="No such file"):
        shop(tmp_path, status_command=["/nowhere/npm"]).status(server)


def test_the_applied_versions_can_be_asked_of_the_table(server: Server, tmp_path: Path) -> None:
    query = {"applied_pattern": None, "applied_query": "SELECT version FROM tool_migrations"}
    adapter = shop(tmp_path, **query)
    assert adapter.status(server).pending == ["9", "10", "11"]
    adapter.up(server)
    assert adapter.down(server, "9") == ["11", "10"]
    assert adapter.status(server).applied == ["9"]
    bare = shop(tmp_path, **query, status_command=None, pending_pattern=None)
    assert bare.status(server).applied == ["9"]
    with pytest.raises(ConfigurationError, match="applied_query: fails"):
        shop(tmp_path, **{**query, "applied_query": "DELETE FROM tool_migrations"}).status(server)


def test_without_a_down_command_there_is_no_way_down(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, down_command=None)
    adapter.up(server)
    with pytest.raises(NoDownStep, match="down_command is not set"):
        adapter.plan_down(server, "10")
    assert adapter.plan_down(server, "11") == []


def test_up_to_a_version_needs_its_place_in_the_command(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, up_command=tool(str(tmp_path), "up"))
    with pytest.raises(ConfigurationError, match="would not stop at 10"):
        adapter.up(server, "10")
    with pytest.raises(UnknownVersion):
        adapter.up(server, "12")
    assert adapter.up(server, "11") == ["9", "10", "11"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"applied_pattern": "^applied"}, "needs one group"),
        ({"applied_pattern": "("}, "is no regular expression"),
        ({"applied_query": "SELECT 1"}, "and not both"),
        ({"applied_pattern": None}, "is needed"),
        ({"status_command": None}, "status_command is needed"),
        ({"down_command": []}, "at least 1 item"),
        ({"place": {"kind": "moon"}}, "kind"),
    ],
)
def test_bad_settings(tmp_path: Path, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        shop(tmp_path, **settings)


def test_a_tool_with_an_address_of_its_own_writes_while_nobody_else_may(
    server: Server, tmp_path: Path
) -> None:
    own = shop(tmp_path, url=server.owner_url.get_secret_value())
    own.up(server)
    *_, before, newest = own.status(server).applied
    with stopped_writes(server, server.database):
        assert own.down(server.writing(), before) == [newest]
    assert own.status(server).version == before
