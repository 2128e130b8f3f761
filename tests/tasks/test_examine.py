"""The application's branches, on two real slots behind a real Caddy."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from domain.checkup import Checkup
from domain.errors import Conflict, UnknownRemedy
from tasks.examine import Branch, branches
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer
from tests.flows.stage import Scene, Stage

WRITES: dict[str, Any] = {
    "kind": "smoke",
    "name": "journal",
    "steps": [{"name": "front page", "path": "/"}],
}


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path)


def seen(scene: Scene) -> dict[str, list[Checkup]]:
    return {branch.name: branch.examine() for branch in branches(scene.document)}


def of(scene: Scene, name: str) -> Branch:
    return next(branch for branch in branches(scene.document) if branch.name == name)


def test_a_healthy_application_has_nothing_wrong(scene: Scene) -> None:
    found = seen(scene)
    assert list(found) == [
        "platform processes", "router caddy_file", "slots", "users", "certificates", "channels",
    ]  # fmt: skip
    assert [row for rows in found.values() for row in rows if not row.finding.ok] == []
    assert found["certificates"] == []  # its address is no https


def test_an_unhealthy_standby_can_be_restarted_and_what_serves_cannot(scene: Scene) -> None:
    (scene.stage.folder / "green.unhealthy").touch()
    [_, green] = of(scene, "slots").examine()
    assert green.bad
    before = scene.stage.platform.slot("green").restarts
    assert of(scene, "slots").mend(green.remedies[0].name) == "restarted green"
    assert scene.stage.platform.slot("green").restarts == before + 1
    with pytest.raises(Conflict):
        of(scene, "slots").mend("restart blue")
    with pytest.raises(UnknownRemedy):
        of(scene, "users").mend("restart blue")


def test_what_serves_and_is_unhealthy_is_taken_back(scene: Scene) -> None:
    (scene.stage.folder / "blue.unhealthy").touch()
    [blue, _], [users] = of(scene, "slots").examine(), of(scene, "users").examine()
    for checkup in (blue, users):
        assert checkup.remedies[0].command == "backout rollback APP --dry-run"


def test_traffic_that_goes_to_no_slot_is_wrong(scene: Scene) -> None:
    scene.stage.active.write_text("127.0.0.1:1")
    route = of(scene, "router caddy_file").examine()[-1]
    assert route.finding.said == "traffic goes to an address that is no slot's"
    scene.stage.give_traffic_to("blue")


def test_a_router_that_cannot_be_asked_is_told(scene: Scene) -> None:
    scene.stage.active.unlink()
    route = of(scene, "router caddy_file").examine()[-1]
    assert route.finding.symptom == "cannot be asked"
    scene.stage.give_traffic_to("blue")


def test_a_check_that_writes_is_left_to_a_verification(stage: Stage, tmp_path: Path) -> None:
    scene = stage.scene(tmp_path, checks=[WRITES])
    health, journal = of(scene, "users").examine()
    assert health.finding.ok
    assert journal.finding.said.startswith("not asked: a smoke check")


def test_a_certificate_that_nobody_trusts_is_seen_at_the_routers_address(
    stage: Stage, scene: Scene, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with HttpServer(tls=context) as server:
        router = {"kind": "caddy_reload", "caddyfile": "/etc/caddy/Caddyfile", "admin": "127.0.0.1:2019", "address": server.url}  # fmt: skip
        scene.raw["platform"] = {**stage.settings, "router": router}
        [found] = of(scene, "certificates").examine()
    assert found.bad
    assert found.finding.symptom.startswith("tls ")
    assert [remedy.command.split(" -")[0] for remedy in found.remedies] == [
        "openssl s_client",
        "caddy reload",
    ]
    assert found.remedies[1].command.endswith("--force")


def test_the_certificate_checks_of_the_application_are_asked_once(stage: Stage, tmp_path: Path) -> None:
    check = {"kind": "certificate", "name": "tls", "host": "127.0.0.1", "port": 1}
    scene = stage.scene(tmp_path, checks=[check])
    assert [row.finding.name for row in of(scene, "certificates").examine()] == ["tls"]
    assert [row.finding.name for row in of(scene, "users").examine()] == ["health"]
