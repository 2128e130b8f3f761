"""`command` in a real container, named itself and as a service of Docker Compose."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from blocks.migration_steps.address import as_url
from blocks.migration_steps.places import InImage
from blocks.postgres.server import Server
from tests.blocks.migrations.contract import migrations
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.waiting import wait_until

pytestmark = pytest.mark.engine

TOOL = """#!/bin/sh
printf '%s' "$DATABASE_URL" > /seen
case $1 in
status) for number in 9 10 11; do grep -qx $number /state && echo "applied $number" || echo "pending $number"; done ;;
up) printf '9\\n10\\n11\\n' > /state ;;
down) sed -i '$d' /state ;;
esac
"""
COMPOSE = """
services:
  backend:
    image: {image}
    command: ["sleep", "600"]
    init: true
    network_mode: none
    volumes: ["{tool}:/tool:ro"]
version: "2.4"
"""


@pytest.fixture
def postgres(newest: Cluster) -> Cluster:
    return newest


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """The old client, or the plug-in."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("neither docker-compose nor Docker's compose plug-in is installed")
    return ["docker", "compose"]


@pytest.fixture(scope="module")
def file(compose: list[str], base_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running service `backend` with a tool that keeps its record in a file."""
    folder = tmp_path_factory.mktemp("backoutmigrations")
    (folder / "tool").write_text(TOOL)
    (folder / "tool").chmod(0o755)
    file = folder / "compose.yaml"
    file.write_text(COMPOSE.format(image=base_image, tool=folder / "tool"))
    subprocess.run([*compose, "--file", str(file), "up", "--detach"], check=True, capture_output=True)
    yield file
    subprocess.run([*compose, "--file", str(file), "down", "--timeout", "0"], check=True, capture_output=True)


@pytest.mark.parametrize("kind", ["container", "compose"])
def test_a_tool_in_a_container_gets_the_address_and_goes_up_and_down(
    server: Server, compose: list[str], file: Path, kind: str
) -> None:
    listed = [*compose, "--file", str(file), "ps", "--quiet", "backend"]
    container = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.strip()
    place: dict[str, Any] = {"kind": "compose", "service": "backend", "file": str(file), "compose": compose}
    if kind == "container":
        place = {"kind": "container", "name": container}
    adapter = migrations(
        {
            "kind": "command",
            "place": place,
            "status_command": ["/tool", "status"],
            "up_command": ["/tool", "up"],
            "down_command": ["/tool", "down"],
            "applied_pattern": r"^applied (\d+)$",
            "pending_pattern": r"^pending (\d+)$",
        }
    )
    subprocess.run(["docker", "exec", container, "truncate", "--size=0", "/state"], check=True)
    assert adapter.up(server) == ["9", "10", "11"]
    assert adapter.down(server, "9") == ["11", "10"]
    assert adapter.status(server).pending == ["10", "11"]
    seen = subprocess.run(
        ["docker", "exec", container, "cat", "/seen"], check=True, capture_output=True, text=True
    )
    assert seen.stdout == as_url(server.address(), "postgresql").get_secret_value()


def test_in_an_image_a_tool_ends_with_the_client_that_ran_it(base_image: str) -> None:
    """Killed, Backout has no lock any more: nothing of it may go on migrating."""
    mark = f"7{uuid4().int % 10**8}"
    argv = InImage(kind="image", name=base_image).inside(["sleep", mark], "DATABASE_URL")
    client = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True)
    with client:
        assert client.stdin
        client.stdin.write("postgresql://u@h/d\n")
        client.stdin.flush()
        wait_until(lambda: mark in commands(), "the tool runs", 90)
        client.kill()
    wait_until(lambda: mark not in commands(), "the container is gone", 90)


def commands() -> str:
    """Of all containers, also of those that ended."""
    listed = ["docker", "ps", "--all", "--no-trunc", "--format", "{{.Command}}"]
    return subprocess.run(listed, check=True, capture_output=True, text=True).stdout
