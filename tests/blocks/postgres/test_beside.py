"""Databases beside that nobody swaps in are dropped; what is in use, kept, or of other people never is."""

from pathlib import Path

import pytest
from psycopg import sql

from blocks.postgres import maintenance
from blocks.postgres.beside import discard
from blocks.postgres.maintenance import turn
from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from blocks.postgres.swap import swap
from domain.errors import ConnectionsRemain, SwapRefused
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import backed_up, customers, databases


@pytest.fixture
def beside(server: Server, programs: Programs, tmp_path: Path) -> str:
    return restore(server, programs, backed_up(server, programs, tmp_path)).database


def test_it_goes_once(postgres: Cluster, server: Server, beside: str) -> None:
    assert discard(server, beside)
    assert databases(postgres, server) == {server.database: True}
    assert not discard(server, beside)


def test_what_is_in_use_or_kept_stays(postgres: Cluster, server: Server, beside: str) -> None:
    kept = swap(server, beside).kept
    assert not discard(server, server.database)
    assert not discard(server, kept)
    assert not discard(server, beside)
    assert databases(postgres, server) == {server.database: True, kept: True}


def test_what_is_not_ours_or_not_finished_stays(postgres: Cluster, server: Server) -> None:
    names = [f"{server.database}_by_hand", server.sibling("restore")]
    with server.connected() as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    assert [discard(server, name) for name in names] == [False, False]
    assert databases(postgres, server).keys() == {server.database, *names}


def test_who_looks_at_it_is_not_sent_away(server: Server, beside: str) -> None:
    with server.connected(beside) as looking:
        with pytest.raises(ConnectionsRemain, match=f"pid {looking.info.backend_pid}"):
            discard(server, beside)
        looking.execute("SELECT 1")
    assert customers(server, beside) == customers(server)


def test_while_another_process_swaps_it_stays(
    server: Server, beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "TURN_S", 0.1)
    with turn(server, server.database), pytest.raises(SwapRefused):
        discard(server, beside)
    assert customers(server, beside) == customers(server)
