"""`backout doctor` on a real stack under a real `backout serve`: what is wrong is found, told, and mended."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from blocks.installation import Installation
from deployments.catalog import ROOT
from deployments.mending import LOG
from deployments.prefect_api import PrefectApi
from domain.outcomes import Outcome
from domain.request import Request
from tests.blocks.platforms.local_slots import pid_of
from tests.blocks.waiting import wait_until
from tests.deployments.cli.shop import APP, COMMAND, Done, Shop, change_block, closed_port, ended

OF_THE_BAD_RELEASE = "slots/health/green"
"""Wrong all the time: green holds the release with the errors."""

ORDER = ("configuration", "store and Prefect", "this host", "platform processes", "router caddy_file", "slots",
         "users", "database postgresql", "channels", "incident")  # fmt: skip
RUNS = count(1)
RESTART = (
    "import sys; from pathlib import Path; from examples.demo.stack import Stack;"
    " Stack(Path(sys.argv[1]))._postgres.start()"
)


def checkups(done: Done) -> dict[str, dict[str, Any]]:
    """`branch/name/on` -> what was found."""
    return {
        f"{branch['branch']}/{one['finding']['name']}/{one['finding']['on']}": one
        for branch in done.json["branches"]
        for one in branch["checkups"]
    }


def bad(done: Done) -> set[str]:
    found = {place for place, one in checkups(done).items() if one["finding"]["verdict"] == "bad"}
    assert (done.code, done.json["well"]) == ((1, False) if found else (0, True))
    return found - {OF_THE_BAD_RELEASE}


def commands(one: dict[str, Any]) -> list[str]:
    return [remedy["command"] for remedy in one["remedies"]]


def kill(shop: Shop, slot: str) -> None:
    os.kill(pid_of(shop.platform, slot), signal.SIGKILL)
    wait_until(lambda: not shop.platform.slot(slot).running, f"the end of {slot}")


def set_lock(here: Installation, application: str, phase: str, left: str) -> None:
    """Who has it is in this phase, with so much time left; a run's lease alone would be over soon."""
    with here.store.database.transaction() as connection:
        connection.execute(
            "UPDATE locks SET phase = %s, until = now() + %s::interval WHERE application = %s",
            [phase, left, application],
        )


@pytest.fixture
def blue_down(shop: Shop) -> Iterator[Shop]:
    """What serves was killed."""
    kill(shop, "blue")
    yield shop
    shop.platform.mend("start blue")
    wait_until(lambda: shop.run("status", APP, "--json").json["users_ok"], "blue's health")


@pytest.fixture
def held(shop: Shop, here: Installation) -> Iterator[str]:
    """An application that a run acts on, as long as its lease goes."""
    name = shop.apply(shop.entry("held/production"))
    begun = here.store.begin(Request(application=name, by="ann"), f"a run {next(RUNS)}")
    assert begun.hold is not None
    set_lock(here, name, "acting", "1 hour")
    yield name
    here.store.close(begun.hold, Outcome.REJECTED)


def test_what_is_wrong_is_told_with_what_mends_it(shop: Shop) -> None:
    done = shop.run("doctor", APP)
    assert done.code == 1
    assert "wrong, 1 could not be seen: health on green" in done.said
    assert "✗ health on green: http 503" in done.said
    assert "mends it: backout doctor flappyjournal/production --fix" in done.said
    assert "? smoke on router: not asked" in done.said
    assert [line for line in done.out.splitlines() if line in ORDER] == list(ORDER)
    assert bad(shop.run("doctor", APP, "--json")) == set()


def test_an_unknown_application_is_told_with_the_known_ones(shop: Shop) -> None:
    done = shop.run("doctor", "shop/nowhere")
    assert done.code == 2
    assert APP in done.said


def test_yes_is_for_fix_only(shop: Shop) -> None:
    assert shop.run("doctor", APP, "--yes").code == 2


def test_without_a_terminal_nothing_is_done_unless_it_was_said(blue_down: Shop) -> None:
    done = blue_down.run("doctor", APP, "--fix", "--json")
    assert {"platform processes/process/blue", "users/health/router"} <= bad(done)
    assert done.json["mended"] == []
    assert "no terminal to ask at" in done.json["refused"]
    assert "start blue" in done.json["refused"]
    assert not blue_down.platform.slot("blue").running


def test_fix_starts_the_slot_and_shows_the_difference(blue_down: Shop) -> None:
    done = blue_down.run("doctor", APP, "--fix", "--yes")
    assert "start blue: started blue: process" in done.said
    assert "now well: process on blue" in done.said
    assert "now well: health on router" in done.said
    assert "newly wrong" not in done.said
    assert blue_down.platform.slot("blue").running
    [*_, last] = (blue_down.home.logs / LOG).read_text().splitlines()
    assert json.loads(last)["application"] == APP


@pytest.mark.full_matrix
def test_at_a_terminal_each_remedy_is_asked_for(blue_down: Shop) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"y\nn\n")
    command = subprocess.Popen(
        [*COMMAND, "doctor", APP, "--fix"],
        env=blue_down.environ(), cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    done = ended(command)
    os.close(ours)
    os.close(theirs)
    assert "start blue? [y/N]" in done.said
    assert "restart green? [y/N]" in done.said
    assert "restart green: " not in done.said
    assert blue_down.platform.slot("blue").running, done


def test_a_block_that_drifted_and_a_file_that_was_not_applied(shop: Shop, api: PrefectApi) -> None:
    app = shop.apply(shop.entry("strayed/production"))
    change_block(api, "strayed--production", {"description": "changed by hand"})
    file = shop.write("strayed--production.yaml", {**shop.entry(app), "description": "edited"})
    done = shop.run("doctor", app, "--json")
    assert bad(done) == {f"configuration/drift/{app}", f"configuration/file/{file}"}
    [apply, without] = commands(checkups(done)[f"configuration/drift/{app}"])
    assert apply == f"backout apply {file}"
    assert without.startswith(f"backout rollback {app} --break-glass")


def test_a_caddy_that_was_killed(shop: Shop) -> None:
    shop.stack.proxy.stop()
    try:
        done = shop.run("doctor", APP, "--json")
    finally:
        shop.stack.proxy.start()
    assert "users/health/router" in bad(done)
    assert "backout rollback flappyjournal/production --dry-run" in commands(
        checkups(done)["users/health/router"]
    )
    assert checkups(done)[f"router caddy_file/route/{shop.stack.address}"]["finding"]["verdict"] == "ok"


def test_a_database_that_was_stopped_is_restarted(shop: Shop) -> None:
    entry = shop.entry("databaseless/production")
    restart = [sys.executable, "-c", RESTART, str(shop.stack.folder)]
    app = shop.apply({**entry, "database": {**entry["database"], "restart": restart}})
    database = shop.stack._postgres
    database.stop()
    try:
        done = shop.run("doctor", app, "--json")
        assert "database postgresql/database/database" in bad(done)
        mended = shop.run("doctor", app, "--fix", "--yes")
        # The other way round green would be started without its database, and end.
        done_in_order = [line for line in mended.out.splitlines() if line.startswith("restart ")]
        assert [line.partition(":")[0] for line in done_in_order] == ["restart database", "restart green"]
        assert "restart database: restarted the database: it answers" in mended.said
        assert "now well: database on database" in mended.said
    finally:
        database.start()
    assert bad(shop.run("doctor", app, "--json")) == set()


def test_it_works_without_store_and_prefect(shop: Shop) -> None:
    away = {
        "BACKOUT_DATABASE_URL": "postgresql://shop:hunter2@127.0.0.1:1/nowhere",
        "PREFECT_API_URL": f"http://127.0.0.1:{closed_port()}/api",
    }
    done = shop.run("doctor", APP, "--json", **away)
    assert bad(done) == {
        f"store and Prefect/store/{shop.home.root}",
        f"store and Prefect/Prefect/{away['PREFECT_API_URL'].removesuffix('/api')}/api",
    }
    assert checkups(done)["slots/health/blue"]["finding"]["verdict"] == "ok"
    assert checkups(done)[f"incident/lock/{APP}"]["finding"]["verdict"] == "no data"
    assert "hunter2" not in done.out + done.err
    assert any(
        "--break-glass" in command for place in bad(done) for command in commands(checkups(done)[place])
    )


@pytest.mark.full_matrix
def test_a_run_that_acts_one_that_died_and_one_that_waits(shop: Shop, here: Installation, held: str) -> None:
    kill(shop, "green")
    acts = shop.run("doctor", held, "--fix", "--yes", "--json")
    assert bad(acts) == {"platform processes/process/green"}
    assert (acts.json["mended"], shop.platform.slot("green").running) == ([], False)
    assert "acted on by incident" in acts.json["refused"]
    shop.platform.mend("start green")
    set_lock(here, held, "acting", "-1 second")
    dead = shop.run("doctor", held, "--json")
    place = f"incident/lock/{held}"
    assert bad(dead) == {place}
    assert commands(checkups(dead)[place]) == [f'backout rollback {held} --reason "the run before died"']
    set_lock(here, held, "waiting", "1 hour")
    waits = shop.run("doctor", held, "--json")
    assert bad(waits) == {place}
    assert commands(checkups(waits)[place])[0].startswith("backout approve ")
