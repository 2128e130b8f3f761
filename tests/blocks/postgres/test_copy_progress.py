"""What the server tells of a copy that runs."""

import pytest
from psycopg import sql

from blocks.postgres.copy_progress import CopyProgress, followed
from blocks.postgres.server import Server
from domain.database.progress import Progress
from tests.blocks.postgres.shop import enlarge

ROWS = 50_000


@pytest.fixture
def seen() -> list[Progress]:
    return []


@pytest.mark.both_versions
def test_a_copy_half_way_and_one_that_has_ended(server: Server, seen: list[Progress]) -> None:
    enlarge(server, ROWS)
    with server.connected() as ours, server.connected() as dump:
        ours.execute("ANALYZE")
        dump.execute("SET application_name = 'the dump'")
        progress = CopyProgress(ours, "the dump", "dumping", seen.append)
        progress.look(None)
        with dump.cursor().copy("COPY events TO STDOUT") as copy:
            copy.read()  # and no more for now: the server waits, with some rows done
            progress.look(None)
            while copy.read():
                pass
        progress.look({"public.events": ROWS, "public.none": 7})
    assert (seen[0].done, seen[0].total) == (0, ROWS)
    assert 0 < seen[1].done < ROWS
    assert (seen[2].done, seen[2].total) == (ROWS, ROWS + 7)


def test_other_sessions_do_not_count(server: Server, seen: list[Progress]) -> None:
    enlarge(server, ROWS)
    with server.connected() as ours, server.connected() as another:
        progress = CopyProgress(ours, "the dump", "dumping", seen.append)
        with another.cursor().copy(sql.SQL("COPY events TO STDOUT")) as copy:
            copy.read()
            progress.look(None)
            while copy.read():
                pass
    assert [step.done for step in seen] == [0]


def test_a_lost_connection_ends_the_reports_and_nothing_else(server: Server, seen: list[Progress]) -> None:
    with followed(server, "the dump", "dumping", seen.append) as look:
        look(None)
        with server.connected("postgres") as another:
            another.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [server.database]
            )
        look(None)
    assert len(seen) == 1
