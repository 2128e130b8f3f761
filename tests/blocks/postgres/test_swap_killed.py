"""`kill -9` at every point of a swap: the application has a database that lets it in, and none is lost."""

from functools import partial
from itertools import count
from pathlib import Path

import pytest

from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Connection, Server
from blocks.postgres.swap import kept, swap
from blocks.postgres.writes import open_again
from domain.errors import DatabaseUnreachable
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import backed_up, customers, databases
from tests.blocks.postgres.roundtrips import killed

STEP = {15: 3}
"""Every point on the newest version, some on the older one."""


def test_killed_at_every_point_and_started_again(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    incoming = restore(server, programs, backed_up(server, programs, tmp_path)).database
    closed, step = 0, STEP.get(postgres.major, 1)
    for point in count(1, step):
        was_killed = killed(partial(swap, server, incoming), point)
        found = databases(postgres, server)
        assert len(found) == 2, point
        assert server.database in found, point
        closed += not found[server.database]
        open_again(server)
        assert all(databases(postgres, server).values()), point
        assert customers(server) == 30, point
        swapped = swap(server, incoming)
        after = databases(postgres, server)
        assert after == {server.database: True, swapped.kept: True}, point
        assert [swapped.kept] == kept(server), point
        assert customers(server) == 30, point
        incoming = swapped.kept
        if not was_killed:
            break
    assert closed >= (3 if step == 1 else 1), "the points between closing and opening were among them"


def test_a_connection_that_breaks_while_the_doors_are_shut(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = restore(server, programs, backed_up(server, programs, tmp_path)).database

    def broken(connection: Connection, _old: str, _new: str) -> None:
        assert not databases(postgres, server)[server.database]
        with postgres.connect() as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        connection.execute("SELECT 1")

    with monkeypatch.context() as patch:
        patch.setattr("blocks.postgres.swap._rename", broken)
        with pytest.raises(DatabaseUnreachable, match="terminating connection"):
            swap(server, incoming)
    assert databases(postgres, server) == {server.database: True, incoming: True}
    assert swap(server, incoming).changed


def test_started_again_without_opening_first_it_ends_as_well(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    incoming = restore(server, programs, backed_up(server, programs, tmp_path)).database
    closed = next(
        point
        for point in count(1)
        if killed(partial(swap, server, incoming), point) and not databases(postgres, server)[server.database]
    )
    assert closed > 1
    swapped = swap(server, incoming)
    assert databases(postgres, server) == {server.database: True, swapped.kept: True}
    assert open_again(server) == []
