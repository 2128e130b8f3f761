"""`kill -9` at every point of a restore: the database in use is untouched, and started again it ends right."""

from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from psycopg import sql

from blocks.postgres import beside
from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import backed_up, customers, databases
from tests.blocks.postgres.roundtrips import killed


def drop(cluster: Cluster, name: str) -> None:
    with cluster.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def killed_and_started_again(
    postgres: Cluster, server: Server, programs: Programs, folder: Path, step: int
) -> None:
    backup = backed_up(server, programs, folder)
    unfinished = 0
    for point in count(1, step):
        was_killed = killed(partial(restore, server, programs, backup), point)
        found = databases(postgres, server)
        assert found[server.database], point
        assert customers(server) == 30, point
        unfinished += len(found) == 2
        restored = restore(server, programs, backup)
        assert databases(postgres, server) == {server.database: True, restored.database: True}, point
        assert restored.verified, point
        assert customers(server, restored.database) == 30, point
        drop(postgres, restored.database)
        if not was_killed:
            break
    assert unfinished > 1, "points at which something was half-made were among them"


def test_killed_at_many_points(postgres: Cluster, server: Server, programs: Programs, tmp_path: Path) -> None:
    killed_and_started_again(postgres, server, programs, tmp_path, 5)


@pytest.mark.both_versions
@pytest.mark.full_matrix
def test_killed_at_every_point(postgres: Cluster, server: Server, programs: Programs, tmp_path: Path) -> None:
    killed_and_started_again(postgres, server, programs, tmp_path, 1)


def test_only_what_is_ours_and_unfinished_is_swept(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    ready = restore(server, programs, backed_up(server, programs, tmp_path)).database
    somebodys = f"{server.database}__restore_of_may"
    with server.connected() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(somebodys)))
    nameless = server.sibling("restore", datetime(2026, 5, 5, tzinfo=UTC))
    with server.connected() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(nameless)))
    assert beside.sweep(server) == [nameless]
    assert databases(postgres, server).keys() == {server.database, ready, somebodys}


def test_one_that_is_being_restored_is_not_swept(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []
    create = beside.create

    def created(*args: object) -> None:
        create(*args)  # type: ignore[arg-type]
        swept.extend(beside.sweep(server))

    monkeypatch.setattr(beside, "create", created)
    restored = restore(server, programs, backed_up(server, programs, tmp_path))
    assert swept == []
    assert restored.database in databases(postgres, server)
