import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from blocks.home import socket_folder
from blocks.routers.nginx_socket import NginxSocket
from domain.errors import ConfigurationError, UnknownRemedy, Unreachable
from examples.demo.load import Load
from tests.blocks.hosts.sshd import ended, started
from tests.blocks.nginx import Nginx, require_nginx
from tests.blocks.routers.contract import LosslessRouterContract, answering
from tests.blocks.routers.nginx_slots import lay_links, router_of, slots_on_sockets
from tests.blocks.routers.weighted_contract import WeightedRouterContract
from tests.blocks.waiting import wait_until

CHECKOUT = Path(__file__).parents[3]
KILLED = """\
import os, signal, sys
from blocks.hosts.local import Local
from blocks.routers.nginx_socket import NginxSocket
router = NginxSocket.model_validate_json(sys.argv[1])
upstreams = dict(word.split("=") for word in sys.argv[2:])
lay = Local.link
Local.link = lambda host, path, target: (
    os.kill(os.getpid(), signal.SIGKILL) if path == router.link else lay(host, path, target)
)
router.switch("green", upstreams, router.active(upstreams))
"""


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    folder = socket_folder(tmp_path_factory.mktemp("slots"))
    folder.mkdir(exist_ok=True)
    with slots_on_sockets(folder) as found:
        yield found


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    require_nginx()
    server = Nginx(tmp_path / "nginx")
    yield server
    server.stop()


@pytest.fixture
def link(nginx: Nginx) -> Path:
    return nginx.run / "active"


def path_of(upstream: str) -> str:
    return upstream.removeprefix("unix/")


@pytest.fixture
def router(nginx: Nginx, link: Path, upstreams: Mapping[str, str]) -> NginxSocket:
    nginx.serve(lay_links(link, path_of(upstreams["blue"])))
    return router_of(nginx, link)


@pytest.fixture
def take_down(link: Path) -> Callable[[], None]:
    return link.unlink


class TestNginxSocket(LosslessRouterContract, WeightedRouterContract):
    def test_a_missing_link_is_told_with_what_to_do_and_not_made_up(
        self, router: NginxSocket, link: Path, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        link.unlink()
        with pytest.raises(Unreachable, match=f"ln -s FOLDER {link}"):
            router.switch("green", upstreams, before)
        assert not link.is_symlink()

    def test_one_missing_link_of_ten_is_told_by_name(
        self, router: NginxSocket, link: Path, upstreams: Mapping[str, str]
    ) -> None:
        (link / "7.sock").unlink()
        with pytest.raises(Unreachable, match=f"ln -s SOCKET {link}/7.sock"):
            router.active(upstreams)

    def test_links_may_be_relative(
        self, router: NginxSocket, link: Path, upstreams: Mapping[str, str]
    ) -> None:
        (link / "0.sock").unlink()
        (link / "0.sock").symlink_to("../near.sock")
        near = {**upstreams, "red": f"unix/{link.parent}/near.sock"}
        assert router.active(near).shares == {"blue": 90, "red": 10}

    def test_a_folder_that_a_crash_left_half_filled_is_filled(
        self, router: NginxSocket, link: Path, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("green", upstreams, router.active(upstreams))
        [folder] = link.with_name("active.routes").iterdir()
        router.switch("blue", upstreams, router.active(upstreams))
        (folder / "0.sock").unlink()
        (folder / "1.sock").unlink()
        (folder / "1.sock").symlink_to(path_of(upstreams["red"]))
        router.switch("green", upstreams, router.active(upstreams))
        assert {str(each.readlink()) for each in folder.iterdir()} == {path_of(upstreams["green"])}
        assert answering(router) == "green"

    def test_a_run_that_is_killed_before_the_rename_leaves_the_old_route(
        self, router: NginxSocket, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        slots = [f"{slot}={address}" for slot, address in upstreams.items()]
        argv = [sys.executable, "-c", KILLED, router.model_dump_json(), *slots]
        assert subprocess.run(argv, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
        assert router.active(upstreams) == before
        assert router.switch("green", upstreams, before).changed
        assert answering(router) == "green"

    def test_loses_no_request_while_shares_change(
        self, router: NginxSocket, upstreams: Mapping[str, str]
    ) -> None:
        load = Load(router.address + "/", clients=4, rate=400).start()
        try:
            for green in (10, 30, 50, 100, 0):
                self._wait_for_requests(load)
                router.share({"blue": 100 - green, "green": green}, upstreams, router.active(upstreams))
            self._wait_for_requests(load)
        finally:
            tally = load.stop()
        assert (dict(tally.total.lost), tally.total.errors) == ({}, 0)

    def test_a_link_that_a_person_changed_is_seen_and_put_right(
        self, router: NginxSocket, link: Path, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("green", upstreams, router.active(upstreams))
        (link / "3.sock").unlink()
        (link / "3.sock").symlink_to(path_of(upstreams["red"]))
        mixed = router.active(upstreams)
        assert (mixed.slot, mixed.shares) == (None, {"green": 90, "red": 10})
        assert router.switch("green", upstreams, mixed).changed
        assert router.active(upstreams).slot == "green"

    def test_a_slot_that_failed_under_traffic_keeps_nothing_from_the_next(
        self, router: NginxSocket, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("red", upstreams, router.active(upstreams))
        with pytest.raises(Exception, match="502"):
            answering(router)
        router.switch("green", upstreams, router.active(upstreams))
        assert [answering(router) for _ in range(20)] == ["green"] * 20

    def test_switches_while_nginx_is_down(
        self, router: NginxSocket, nginx: Nginx, upstreams: Mapping[str, str]
    ) -> None:
        nginx.terminate()
        assert router.switch("green", upstreams, router.active(upstreams)).changed

    def test_a_slot_at_a_port_is_a_wrong_setting(self, router: NginxSocket) -> None:
        with pytest.raises(ConfigurationError, match="needs unix sockets"):
            router.active({"blue": "127.0.0.1:8001", "green": "127.0.0.1:8002"})

    def test_both_spellings_of_a_socket_are_one(
        self, router: NginxSocket, upstreams: Mapping[str, str]
    ) -> None:
        spelt = {slot: f"unix:{path_of(upstream)}" for slot, upstream in upstreams.items()}
        assert router.switch("green", spelt, router.active(upstreams)).changed
        assert router.active(upstreams).slot == "green"

    def test_doctor_finds_all_well(self, router: NginxSocket) -> None:
        found = {each.finding.name: each.finding for each in router.examine()}
        assert [name for name, finding in found.items() if not finding.ok] == []
        assert set(found) == {"nginx configuration", "nginx", "nginx links"}

    def test_doctor_finds_what_is_wrong(
        self, router: NginxSocket, nginx: Nginx, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("red", upstreams, router.active(upstreams))
        nginx.configuration.write_text("no_such_directive;")
        nginx.pid_file.write_text("0")
        wrong = {each.finding.name: each for each in router.examine() if each.finding.bad}
        assert "no_such_directive" in wrong["nginx configuration"].finding.said
        assert "is down" in wrong["nginx"].finding.said
        assert "red.sock, which is no socket" in wrong["nginx links"].finding.said
        assert all(remedy.command for each in wrong.values() for remedy in each.remedies)

    def test_doctor_reloads(self, router: NginxSocket, nginx: Nginx) -> None:
        before = nginx.workers()
        assert "loaded its configuration" in router.mend("reload")
        wait_until(lambda: not before & nginx.workers(), "the end of the old workers")
        assert answering(router) == "blue"
        with pytest.raises(UnknownRemedy):
            router.mend("restart")


def test_one_server_line_is_one_link(nginx: Nginx, upstreams: Mapping[str, str]) -> None:
    link = nginx.run / "active.sock"
    link.symlink_to(path_of(upstreams["blue"]))
    nginx.serve(f"upstream shop {{ server unix:{link}; }}")
    router = router_of(nginx, link, servers=1)
    assert router.switch("green", upstreams, router.active(upstreams)).changed
    assert answering(router) == "green"
    assert str(link.readlink()) == path_of(upstreams["green"])
    with pytest.raises(ValueError, match="set `servers`"):
        router.share({"blue": 50, "green": 50}, upstreams, router.active(upstreams))
    link.unlink()
    with pytest.raises(Unreachable, match=f"ln -s SOCKET {link}"):
        router.active(upstreams)


def test_switches_the_links_of_another_host(
    nginx: Nginx, link: Path, upstreams: Mapping[str, str], tmp_path: Path
) -> None:
    nginx.serve(lay_links(link, path_of(upstreams["blue"])))
    sshd = started(tmp_path / "sshd")
    try:
        router = router_of(nginx, link, host=sshd.host())
        assert router.switch("green", upstreams, router.active(upstreams)).changed
        assert answering(router) == "green"
        router.share({"blue": 50, "green": 50}, upstreams, router.active(upstreams))
        assert router.active(upstreams).shares == {"blue": 50, "green": 50}
        assert [each.finding.said for each in router.examine() if each.finding.bad] == []
    finally:
        ended(sshd)
