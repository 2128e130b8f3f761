"""PostgreSQL's programs in a real container, as `docker exec` runs them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blocks.embedded_postgres import PROGRAMS
from blocks.postgres.backups import listed, verify
from blocks.postgres.manifest import ARCHIVE
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.errors import BackupFailed, ProgramUnfit
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.dumping import SETTLED, names
from tests.blocks.postgres.shop import CUSTOMERS, fill, taken

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.engine

PACKAGE = PROGRAMS.parents[1]
LIBRARIES = PACKAGE.parent / f"{PACKAGE.name}.libs"
INSIDE = Path("/programs")


@pytest.fixture
def container(engine: "DockerClient", base_image: str, postgres: Cluster) -> Iterator[Any]:
    """One that has PostgreSQL's programs, and sees the server's socket."""
    mounts = {
        str(PACKAGE): {"bind": str(INSIDE / PACKAGE.name), "mode": "ro"},
        str(LIBRARIES): {"bind": str(INSIDE / LIBRARIES.name), "mode": "ro"},
        str(postgres.sockets): {"bind": str(postgres.sockets), "mode": "rw"},
    }
    started = engine.containers.run(
        base_image, ["sleep", "infinity"], volumes=mounts, network_mode="none", init=True, detach=True
    )
    yield started
    started.remove(force=True)


@pytest.fixture
def inside(container: Any) -> Programs:
    return Programs(
        kind="container", container=container.name, folder=INSIDE / PROGRAMS.relative_to(PACKAGE.parent)
    )


def test_a_backup_comes_out_whole(server: Server, inside: Programs, container: Any, tmp_path: Path) -> None:
    fill(server)
    made = taken(server, inside, tmp_path)
    assert made.rows["public.customers"] == CUSTOMERS
    assert set(made.checksums) == {ARCHIVE}
    (backup,) = listed(tmp_path)
    assert verify(backup, inside).verified
    assert b"pgpass" not in container.exec_run(["ls", "-A", "/tmp"]).output


def test_a_failure_leaves_nothing(
    server: Server, postgres: Cluster, inside: Programs, container: Any, tmp_path: Path
) -> None:
    with postgres.connect(server.database) as connection:
        connection.execute("CREATE TABLE secret (id int)")
    with pytest.raises(BackupFailed, match="permission denied for table secret"):
        taken(server, inside, tmp_path)
    assert names(tmp_path) == SETTLED
    assert b"pgpass" not in container.exec_run(["ls", "-A", "/tmp"]).output


def test_a_program_that_is_not_in_it_is_told(container: Any) -> None:
    with pytest.raises(ProgramUnfit, match="pg_dump was not found"):
        Programs(kind="container", container=container.name).check("pg_dump", 180001)


@pytest.mark.usefixtures("engine")
def test_a_container_that_is_not_there_is_told_in_the_engine_s_words(server: Server, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="No such container: backout-nowhere"):
        taken(server, Programs(kind="container", container="backout-nowhere"), tmp_path)
