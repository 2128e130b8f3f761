"""PostgreSQL's programs in pods of a real cluster, as `kubectl exec` runs them."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blocks.postgres.backups import listed, verify
from blocks.postgres.clone import clone
from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.swap import swap
from domain.database.backup import Backup
from domain.database.progress import Progress
from domain.errors import BackupFailed, ProgramUnfit, RestoreFailed
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.dumping import SETTLED, command_lines, names
from tests.blocks.postgres.pods import Pods, built
from tests.blocks.postgres.restoring import customers, databases
from tests.blocks.postgres.shop import CUSTOMERS, enlarge, fill, taken

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.cluster

NUMBERS = count(1)
PASSWORD_PART = "pass:word"
KILLED = "exit code 137"
LOADING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY public.events%'"


@pytest.fixture(scope="module")
def pods(cluster: str, engine: "DockerClient", base_image: str) -> Pods:
    built(engine, base_image)
    return Pods(cluster)


@pytest.fixture(scope="module")
def postgres(pods: Pods) -> Cluster:
    """A PostgreSQL 15 in a pod. Its address takes the place of a folder of sockets."""
    return Cluster(15, Path(pods.start_postgres("db")), Path())


@pytest.fixture
def programs(pods: Pods) -> Programs:
    """Those beside the server."""
    return Programs(kind="pod", pod="db", namespace=pods.namespace, host="localhost")


@pytest.fixture
def elsewhere(pods: Pods, postgres: Cluster) -> Iterator[Programs]:
    """Those of a pod that may be killed: the server is in another one."""
    name = f"tools-{next(NUMBERS)}"
    pods.start(name)
    yield Programs(kind="pod", pod=name, namespace=pods.namespace, host=str(postgres.sockets))
    pods.kill(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def test_a_backup_comes_out_and_goes_in_and_takes_its_place(
    postgres: Cluster, server: Server, programs: Programs, pods: Pods, folder: Path
) -> None:
    fill(server)
    enlarge(server, 20_000)
    argv: list[dict[int, str]] = []
    seen: list[Progress] = []

    def look(progress: Progress) -> None:
        argv.append(command_lines(PASSWORD_PART))
        seen.append(progress)

    made = taken(server, programs, folder, progress=look)
    assert made.rows["public.customers"] == CUSTOMERS
    (backup,) = listed(folder)
    assert verify(backup, programs).verified
    restored = restore(server, programs, backup, progress=look)
    assert restored.verified
    kept = swap(server, restored.database).kept
    assert customers(server) == customers(server, kept) == CUSTOMERS
    assert databases(postgres, server) == {server.database: True, kept: True}
    assert seen[-1].done == sum(made.rows.values())
    assert not any(argv), "the password is in no command line, neither here nor in the pod"
    assert "pgpass" not in pods.run("db", "ls", "-A", "/tmp")


def test_a_script_goes_in_and_a_clone_is_made(server: Server, programs: Programs, tmp_path: Path) -> None:
    fill(server)
    with (tmp_path / "night.sql").open("wb") as file:
        programs.run("pg_dump", [], server.address(), stdout=file)
    restored = restore(server, programs, listed(tmp_path)[0])
    assert restored.counts["public.customers"] == CUSTOMERS
    with clone(server, programs, "dump") as copy:
        assert customers(server, copy.database) == CUSTOMERS


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pod": "backout-nowhere"}, 'pods "backout-nowhere" not found'),
        ({"namespace": "backout-nowhere"}, 'namespaces "backout-nowhere" not found'),
        ({"container": "backout-nowhere"}, "container backout-nowhere is not valid for pod db"),
    ],
)
def test_what_is_missing_is_told_in_kubectl_s_words(
    server: Server, programs: Programs, folder: Path, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(BackupFailed, match=said):
        taken(server, programs.model_copy(update=changed), folder)
    assert names(folder) <= SETTLED


def test_a_program_that_is_not_in_it_is_told(programs: Programs) -> None:
    with pytest.raises(ProgramUnfit, match="pg_dump was not found"):
        programs.model_copy(update={"folder": Path("/nowhere")}).check("pg_dump", 150000)


def test_a_pod_that_is_killed_in_the_middle_of_a_dump_leaves_nothing(
    server: Server, pods: Pods, elsewhere: Programs, folder: Path
) -> None:
    enlarge(server, 50_000)

    def writes() -> bool:
        return any(file.stat().st_size for file in folder.glob(".partial-*/dump.custom") if file.exists())

    with pods.killed_when(writes, elsewhere.pod, "pg_dump"), pytest.raises(BackupFailed, match=KILLED):
        taken(server, elsewhere, folder)
    assert names(folder) == SETTLED


@pytest.mark.full_matrix
def test_a_pod_that_is_killed_in_the_middle_of_a_restore_leaves_nothing(
    postgres: Cluster, server: Server, pods: Pods, programs: Programs, elsewhere: Programs, folder: Path
) -> None:
    fill(server)
    enlarge(server, 50_000)
    taken(server, programs, folder)
    backup: Backup = listed(folder)[0]
    with postgres.connect() as looking:

        def loads() -> bool:
            return looking.execute(LOADING).fetchone() != (0,)

        with (
            pods.killed_when(loads, elsewhere.pod, "pg_restore"),
            pytest.raises(RestoreFailed, match=KILLED),
        ):
            restore(server, elsewhere, backup)
    assert databases(postgres, server) == {server.database: True}
    assert customers(server) == CUSTOMERS
    assert restore(server, programs, backup).verified
