from pathlib import Path

import pytest

from blocks.caddy_route_checkup import examined_admin, examined_file
from blocks.routers.caddy_admin import CaddyAdmin
from blocks.routers.caddy_file import CaddyFile
from tests.blocks.caddy import Caddy
from tests.blocks.routers.configurations import write_json


def test_a_file_with_an_address_is_well(tmp_path: Path) -> None:
    (tmp_path / "active").write_text("127.0.0.1:4101\n")
    router = CaddyFile(address="http://127.0.0.1:1", file=tmp_path / "active")
    [found] = router.examine()
    assert (found.bad, found.finding.said) == (False, "Caddy dials 127.0.0.1:4101")


@pytest.mark.parametrize("held", ["", "blue", "127.0.0.1:", "127.0.0.1:1 127.0.0.1:2"])
def test_a_file_without_an_address_is_wrong(tmp_path: Path, held: str) -> None:
    (tmp_path / "active").write_text(held)
    found = examined_file(tmp_path / "active")
    assert found.bad
    assert "no HOST:PORT" in found.finding.said


def test_a_missing_file_is_wrong_and_says_how_to_write_it(tmp_path: Path) -> None:
    found = examined_file(tmp_path / "active")
    assert "No such file" in found.finding.said
    assert [remedy.command for remedy in found.remedies] == [f"printf %s HOST:PORT > {tmp_path}/active"]


def test_an_admin_api_is_asked_for_the_handler(caddy: Caddy) -> None:
    caddy.start(write_json(caddy, "127.0.0.1:1"))
    router = CaddyAdmin(address=caddy.address, admin=caddy.admin, id="application")
    assert [found.bad for found in router.examine()] == [False]
    lost = router.model_copy(update={"id": "nobody"})
    assert [found.bad for found in lost.examine()] == [True]
    caddy.stop()
    assert examined_admin(router.admin, lambda: router.active({})).bad
