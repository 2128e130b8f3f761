"""`command` in pods of a real cluster, as `kubectl exec` runs it."""

import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.errors import CommandFailed, StepFailed
from tests.blocks.migrations.contract import AT_9, AT_11, migrations
from tests.blocks.migrations.shop import GATE, HELD, SHOP, Change, relations, waits_at_the_gate
from tests.blocks.migrations.sql_pairs import write_pairs
from tests.blocks.migrations.test_command import TOOL
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.dumping import command_lines
from tests.blocks.postgres.pods import Pods, built
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.cluster

NUMBERS = count(1)


@pytest.fixture(scope="module")
def pods(cluster: str, engine: "DockerClient", base_image: str) -> Pods:
    built(engine, base_image)
    return Pods(cluster)


@pytest.fixture(scope="module")
def postgres(pods: Pods) -> Cluster:
    """A PostgreSQL 15 in a pod. Its address takes the place of a folder of sockets."""
    return Cluster(15, Path(pods.start_postgres("shop-db")), Path())


@pytest.fixture
def api(pods: Pods) -> Iterator[str]:
    """A pod of the application, which holds the tool; the files come with `made`."""
    name = f"api-{next(NUMBERS)}"
    pods.start(name)
    pods.run(name, "sh", "-c", "mkdir /tmp/shop && cat >/tmp/tool.sh", given=TOOL.read_text())
    yield name
    pods.kill(name)


def made(pods: Pods, api: str, folder: Path, changes: tuple[Change, ...] = SHOP, **more: Any) -> Migrations:
    write_pairs(folder, changes)
    files = "".join(
        f"echo {shlex.quote(file.read_text())} >/tmp/shop/{file.name}\n" for file in folder.glob("*.sql")
    )
    pods.run(api, "sh", "-s", given=files)
    tool = ["sh", "/tmp/tool.sh", "/usr/lib/postgresql/15/bin/psql", "/tmp/shop"]
    settings = {
        "kind": "command",
        "place": {"kind": "pod", "name": api, "namespace": pods.namespace, "container": "main"},
        "status_command": [*tool, "status"],
        "down_command": [*tool, "down"],
        "up_command": [*tool, "up", "{version}"],
        "applied_pattern": r"^applied (\d+)$",
        "pending_pattern": r"^pending (\d+)$",
    }
    return migrations({**settings, **more})


def test_it_goes_up_and_down(server: Server, pods: Pods, api: str, tmp_path: Path) -> None:
    adapter = made(pods, api, tmp_path)
    assert adapter.up(server) == ["9", "10", "11"]
    assert adapter.down(server, "9") == ["11", "10"]
    assert relations(server) == AT_9


@pytest.mark.full_matrix
def test_a_step_that_takes_too_long_is_ended_in_the_pod_too(
    server: Server, pods: Pods, api: str, tmp_path: Path
) -> None:
    made(pods, api, tmp_path, (*SHOP[:2], HELD)).up(server)
    adapter = made(pods, api, tmp_path, (*SHOP[:2], HELD), timeout_s=10)
    with server.connected() as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
        with pytest.raises(StepFailed, match="did not end within 10 s") as failed:
            adapter.down(server, "9")
        assert failed.value.left == "applied now: 9, 10, 11"
        wait_until(lambda: not command_lines("/tmp/tool.sh"), "the tool in the pod to end")
    assert relations(server) == AT_11


def test_a_pod_that_is_killed_in_the_middle_leaves_what_was_applied(
    server: Server, pods: Pods, api: str, tmp_path: Path
) -> None:
    adapter = made(pods, api, tmp_path, (*SHOP[:2], HELD))
    adapter.up(server)
    with server.connected() as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
        with (
            pods.killed_when(lambda: waits_at_the_gate(server), api),
            pytest.raises(StepFailed, match="137") as failed,
        ):
            adapter.down(server, "9")
    assert "what is applied cannot be read" in failed.value.left
    wait_until(lambda: not waits_at_the_gate(server), "the server to notice that its client is gone")
    assert relations(server) == AT_11


def test_a_pod_that_is_missing_is_told_in_kubectl_s_words(
    server: Server, pods: Pods, api: str, tmp_path: Path
) -> None:
    place = {"kind": "pod", "name": f"deployment/{api}-nowhere", "namespace": pods.namespace}
    adapter = made(pods, api, tmp_path, place=place)
    for act in (adapter.status, adapter.up):
        with pytest.raises(CommandFailed, match=f'deployments.apps "{api}-nowhere" not found'):
            act(server)
