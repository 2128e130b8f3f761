"""`alembic` and what teams have in `env.py` and in their revisions."""

import sys
from pathlib import Path
from typing import Any

import pytest

from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.errors import CommandFailed, ConfigurationError, StepFailed
from tests.blocks.migrations.contract import migrations
from tests.blocks.migrations.shop import HELD, SHOP, make_database, relations
from tests.blocks.migrations.test_alembic import ENV, REVISION, write_revisions
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.conftest import PASSWORD

OFFLINE_NOT = "op.execute('DROP TABLE orders' if op.get_bind().exec_driver_sql('SELECT 1').scalar() else '')"


@pytest.fixture
def postgres(newest: Cluster) -> Cluster:
    return newest


def shop(folder: Path, env: str = ENV, **more: Any) -> Migrations:
    write_revisions(folder, SHOP)
    (folder / "env.py").write_text(env)
    return migrations({"kind": "alembic", "config": str(folder / "alembic.ini"), **more})


def add(folder: Path, revision: str, before: object, up: str, down: str) -> None:
    text = REVISION.format(name=revision, revision=revision, before=before, up=up, down=down)
    (folder / "versions" / f"{revision}.py").write_text(text)


def test_the_plan_shows_the_sql(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path)
    adapter.up(server)
    orders, phone = adapter.plan_down(server, "r09")
    assert "DROP TABLE orders" in orders.statements
    assert "alembic_version" in orders.statements
    assert "ALTER TABLE users DROP COLUMN phone" in phone.statements
    assert (orders.name, orders.transactional) == ("orders", True)
    assert orders.source == str(tmp_path / "versions" / "r11_orders.py")


def test_a_step_that_asks_the_database_shows_none_and_runs(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path)
    add(tmp_path, "r11_orders", "r10", "op.execute('CREATE TABLE orders (id int)')", OFFLINE_NOT)
    adapter.up(server)
    assert [step.statements for step in adapter.plan_down(server, "r10")] == [""]
    assert adapter.down(server, "r10") == ["r11_orders"]
    assert "orders.id" not in relations(server)


def test_env_py_may_take_the_address_from_the_environment(server: Server, tmp_path: Path) -> None:
    env = ENV.replace(
        'context.config.get_main_option("sqlalchemy.url")', '__import__("os").environ["SHOP_URL"]'
    )
    adapter = shop(tmp_path, env, url_variable="SHOP_URL", python=sys.executable)
    assert adapter.up(server) == ["r09", "r10", "r11"]


def test_env_py_with_an_address_of_its_own_is_kept_from_the_live_database(
    server: Server, tmp_path: Path
) -> None:
    adapter = shop(tmp_path)
    adapter.up(server)
    clone = make_database(server, f"{server.database}__clone_1")
    shop(tmp_path).up(server, database=clone)
    own = f"(lambda given: given.replace('{clone}', '{server.database}'))(context.config.get_main_option('sqlalchemy.url'))"
    adapter = shop(tmp_path, ENV.replace('context.config.get_main_option("sqlalchemy.url")', own))
    for act in (adapter.plan_down, adapter.down):
        with pytest.raises(
            ConfigurationError, match=rf"connects to database {server.database} and not to the one"
        ):
            act(server, None, clone)
    assert "orders.id" in relations(server)


def test_branches_go_up_and_down_to_the_base(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path)
    add(tmp_path, "side", "r09", "op.execute('CREATE TABLE side (id int)')", "op.execute('DROP TABLE side')")
    assert sorted(adapter.up(server)) == ["r09", "r10", "r11", "side"]
    assert sorted(adapter.status(server).applied) == ["r09", "r10", "r11", "side"]
    add(tmp_path, "both", ("r11", "side"), "pass", "pass")
    assert adapter.up(server) == ["both"]
    assert adapter.plan_down(server, "r09")[0].version == "both"
    assert len(adapter.down(server, None)) == 5
    assert relations(server) == set()


def test_what_an_autocommit_block_did_is_said_to_stay(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path)
    down = (
        "with op.get_context().autocommit_block():\n"
        "        op.execute('DROP INDEX CONCURRENTLY shown')\n"
        "    op.execute('SELECT no_such_function()')"
    )
    add(tmp_path, "r12", "r11", "op.execute('CREATE INDEX shown ON users (email)')", down)
    adapter.up(server)
    (step,) = adapter.plan_down(server, "r11")
    assert not step.transactional
    with pytest.raises(StepFailed, match="no_such_function") as failed:
        adapter.down(server, "r11")
    assert failed.value.left == "what it did in its autocommit_block stays; applied now: r09, r10, r11, r12"


def test_env_py_that_does_not_commit_is_told(server: Server, tmp_path: Path) -> None:
    configure = "context.configure(connection=connection)"
    adapter = shop(tmp_path, ENV.replace(configure, f"connection.begin()\n        {configure}"))
    with pytest.raises(StepFailed, match="did not commit it") as failed:
        adapter.up(server)
    assert (failed.value.version, failed.value.left) == ("r09", "it was rolled back; applied now: nothing")


def test_env_py_that_cannot_run_is_told_without_the_password(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, f"{ENV}\nraise RuntimeError('no luck with ' + url)")
    with pytest.raises(CommandFailed, match="no luck with") as failed:
        adapter.status(server)
    assert PASSWORD not in str(failed.value)
    assert "pass%3Aword" not in str(failed.value)


def test_the_address_is_not_in_the_arguments(server: Server, tmp_path: Path) -> None:
    shows = "import sys; raise RuntimeError([part.rpartition('/')[2] for part in open('/proc/self/cmdline').read().split(chr(0))])"
    with pytest.raises(CommandFailed) as failed:
        shop(tmp_path, shows).status(server)
    assert "'alembic_driver.py', ''" in failed.value.output
    assert "postgresql" not in failed.value.output


def test_a_step_that_takes_too_long_is_ended(server: Server, tmp_path: Path) -> None:
    write_revisions(tmp_path, [*SHOP[:2], HELD])
    settings = {"kind": "alembic", "config": str(tmp_path / "alembic.ini")}
    migrations(settings).up(server)
    with server.connected() as gate:
        gate.execute("SELECT pg_advisory_lock(42)")
        with pytest.raises(StepFailed, match="did not end within 6 s") as failed:
            migrations({**settings, "timeout_s": 6}).down(server, "r09")
    assert failed.value.version == "r11"
    assert failed.value.left.endswith("applied now: r09, r10, r11")


def test_an_interpreter_without_alembic_is_told(server: Server, tmp_path: Path) -> None:
    adapter = shop(tmp_path, python="/usr/bin/env")
    with pytest.raises(CommandFailed):
        adapter.status(server)
