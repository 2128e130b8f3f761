import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from blocks import embedded_postgres
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from domain.errors import CommandFailed
from tests.blocks.waiting import wait_until
from tests.forked import exit_code

PR_SET_CHILD_SUBREAPER = 36
"""Of `prctl`: what loses its parent below this process becomes its child, as it does of a container's first one."""

CHECKOUT = Path(__file__).parent.parent.parent
HOLDER = """
import sys
from pathlib import Path
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
postgres = EmbeddedPostgres(Home(Path(sys.argv[1])))
postgres.start()
print("holds", flush=True)
sys.stdin.readline()
postgres.stop()
"""


@pytest.fixture
def root() -> Iterator[Path]:
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    folder = Path(tempfile.mkdtemp(prefix="backout-pg-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def postgres(root: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(Home(root / "it's a home").ensure())


@contextmanager
def another_holder(postgres: EmbeddedPostgres) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own that holds the same cluster until it is told to let go."""
    argv = [sys.executable, "-c", HOLDER, str(postgres.data.parent)]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def test_it_starts_answers_and_stops(postgres: EmbeddedPostgres) -> None:
    with postgres, psycopg.connect(postgres.url()) as connection:
        row = connection.execute("SELECT current_user").fetchone()
        assert row == ("postgres",)
    assert not postgres.is_running()


def test_what_was_written_is_there_after_a_restart(postgres: EmbeddedPostgres) -> None:
    with postgres, psycopg.connect(postgres.ensure_database("kept")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    with postgres, psycopg.connect(postgres.url("kept")) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_database_is_made_once(postgres: EmbeddedPostgres) -> None:
    with postgres:
        assert postgres.ensure_database("backout") == postgres.ensure_database("backout")


def test_a_name_is_no_sql(postgres: EmbeddedPostgres) -> None:
    with postgres, psycopg.connect(postgres.ensure_database('odd"; DROP')) as connection:
        assert connection.info.dbname == 'odd"; DROP'


def test_nobody_else_can_reach_it(postgres: EmbeddedPostgres) -> None:
    with postgres, psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700


def test_a_home_with_a_long_path_has_a_short_socket(root: Path) -> None:
    home = Home(root / ("long" * 30)).ensure()
    with EmbeddedPostgres(home) as postgres, psycopg.connect(postgres.url()) as connection:
        assert len(f"{postgres.sockets}/.s.PGSQL.5432") <= 107
        assert connection.info.status is psycopg.pq.ConnStatus.OK
    shutil.rmtree(postgres.sockets)
    shutil.rmtree(home.run)


def test_the_last_one_out_stops_it(postgres: EmbeddedPostgres) -> None:
    with another_holder(postgres) as other:
        with postgres:
            pass
        assert postgres.is_running()
        other.communicate("let go\n")
    assert not postgres.is_running()


def test_a_killed_process_holds_nothing(postgres: EmbeddedPostgres) -> None:
    with another_holder(postgres) as other:
        other.kill()
        other.wait()
        assert postgres.is_running()
        with postgres:
            pass
    assert not postgres.is_running()


def test_a_child_that_inherits_the_hold_keeps_it_up(postgres: EmbeddedPostgres) -> None:
    with postgres:
        child = subprocess.Popen(["sleep", "600"], pass_fds=postgres.hold_descriptors())
    assert postgres.is_running()
    child.kill()
    child.wait()
    with postgres:
        pass
    assert not postgres.is_running()


def test_a_cluster_that_cannot_start_says_why(postgres: EmbeddedPostgres) -> None:
    with postgres:
        pass
    (postgres.data / "postgresql.conf").write_text("nonsense")
    with pytest.raises(CommandFailed, match="pg_ctl start"):
        postgres.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its folders over")
def test_root_opens_no_folder_to_be_listed(root: Path) -> None:
    between = root / "between"
    between.mkdir(mode=0o700)
    with EmbeddedPostgres(Home(between / "home").ensure()):
        assert stat.S_IMODE(between.stat().st_mode) == 0o711


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its folders over")
def test_root_hands_over_no_link(postgres: EmbeddedPostgres, root: Path) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    postgres.data.symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="is a link"):
        postgres.start()


def test_the_programs_are_there() -> None:
    programs = {"initdb", "pg_ctl", "pg_dump", "pg_restore", "psql"}
    assert programs <= {path.name for path in embedded_postgres.PROGRAMS.iterdir()}


def test_in_a_container_whose_first_process_we_are_a_killed_server_comes_back(
    postgres: EmbeddedPostgres,
) -> None:
    """There the server is our child once `pg_ctl` has ended; nobody else reaps it, and its pid looks alive."""

    def be_first_and_start_it_again() -> None:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        with postgres:
            os.kill(int((postgres.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            wait_until(postgres.has_ended, "the server's end")
            wait_until(lambda: _started_again(postgres), "the server", 10)

    assert exit_code(be_first_and_start_it_again) == 0


def _started_again(postgres: EmbeddedPostgres) -> bool:
    with suppress(CommandFailed):  # while its sessions still end
        postgres.start_again()
    return not postgres.has_ended()
