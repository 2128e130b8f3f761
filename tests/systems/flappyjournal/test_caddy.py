"""The containers' Caddy, switched where its Caddyfile names the slot: what that costs is counted, and reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.outcomes import Outcome
from examples.demo.load import Load
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import Stack
from flows.path import take_back
from tests.systems.flappyjournal.system import JournalScene, System

pytestmark = pytest.mark.engine
CLIENTS = 4
OF_HTTP = "/apps/http/servers/srv1/routes/0/handle/0"


@pytest.fixture
def fixed(system: System, tmp_path: Path) -> Iterator[JournalScene]:
    """Green serves, and Caddy's file says so itself."""
    made = system.scene(tmp_path)
    made.deploy(Version("v1.1"))
    system.stack.write_slot_into_caddyfile("green")
    yield made
    system.stack.read_slot_from_file()


def _router(stack: Stack, kind: str) -> dict[str, Any]:
    deploy = stack.folder / "deploy"
    shared = {
        "kind": kind, "address": stack.address, "container": stack.container("caddy"), "admin": f"unix/{deploy}/run/admin.sock",
    }  # fmt: skip
    own = {"path": OF_HTTP} if kind == "caddy_admin" else {"caddyfile": str(deploy / "caddy/Caddyfile")}
    return {**shared, **own}


@pytest.mark.parametrize("kind", [pytest.param("caddy_reload", marks=pytest.mark.full_matrix), "caddy_admin"])
def test_what_a_new_configuration_costs_is_reported(
    fixed: JournalScene, system: System, record_testsuite_property: Any, kind: str
) -> None:
    fixed.raw["platform"] = {**fixed.raw["platform"], "router": _router(system.stack, kind)}
    fixed.raw["checks"] = []
    load = Load(f"{system.stack.address}/", clients=CLIENTS, rate=60).start()
    outcome = fixed.walk(take_back)
    tally = load.stop().total
    assert outcome is Outcome.ROLLED_BACK, fixed.data("ending")
    assert fixed.platform.route().slot == "blue"
    record_testsuite_property(f"{kind}: lost", f"{tally.lost.total()} of {tally.requests}")
    assert tally.lost.total() <= 2 * CLIENTS, tally.lost
    assert "kept-alive connections of clients were closed" in fixed.report()
