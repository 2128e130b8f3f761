import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from blocks.routers.caddy_files import TENTHS, CaddyFiles, lay_out
from domain.errors import ConfigurationError, Unreachable
from examples.demo.load import Load
from tests.blocks.caddy import Caddy
from tests.blocks.routers.configurations import write_caddyfile, write_json
from tests.blocks.routers.contract import LosslessRouterContract
from tests.blocks.routers.weighted_contract import WeightedRouterContract, answers
from tests.blocks.waiting import wait_until
from tests.forked import KILLED, exit_code


@pytest.fixture
def folder(tmp_path: Path, upstreams: Mapping[str, str]) -> Path:
    path = tmp_path / "active"
    lay_out(path, [upstreams["blue"]])
    return path


def placeholders(folder: Path) -> list[str]:
    return [f"{{file.{folder}/{number}}}" for number in range(TENTHS)]


@pytest.fixture
def router(caddy: Caddy, folder: Path) -> CaddyFiles:
    caddy.start(write_json(caddy, *placeholders(folder)))
    return CaddyFiles(folder=folder, address=caddy.address)


@pytest.fixture
def take_down(folder: Path) -> Callable[[], None]:
    return folder.unlink


class TestCaddyFiles(LosslessRouterContract, WeightedRouterContract):
    @pytest.mark.parametrize("green", [20, 90])
    def test_each_file_is_a_tenth_of_the_traffic(
        self, router: CaddyFiles, upstreams: Mapping[str, str], green: int
    ) -> None:
        router.share({"blue": 100 - green, "green": green}, upstreams, router.active(upstreams))
        assert abs(answers(router)["green"] - green) <= 1

    def test_a_quarter_is_refused_since_it_is_no_tenth(
        self, router: CaddyFiles, upstreams: Mapping[str, str]
    ) -> None:
        with pytest.raises(ValueError, match="multiples of 10 per cent: blue 75 %, green 25 %"):
            router.share({"blue": 75, "green": 25}, upstreams, router.active(upstreams))

    def test_loses_nothing_while_traffic_is_shared_out(
        self, router: CaddyFiles, upstreams: Mapping[str, str]
    ) -> None:
        load = Load(router.address + "/", clients=4, rate=400).start()
        try:
            for green in (10, 50, 90, 50, 100, 0, 30):
                enough = load.tally.total.requests + 30
                wait_until(lambda enough=enough: load.tally.total.requests >= enough, "the load's requests")  # type: ignore[misc]
                router.share({"blue": 100 - green, "green": green}, upstreams, router.active(upstreams))
        finally:
            tally = load.stop()
        assert dict(tally.total.lost) == {}
        assert tally.total.errors == 0

    @pytest.mark.parametrize("before", ["symlink_to", "rename"])
    def test_one_that_was_killed_before_the_rename_changed_nothing_and_the_same_call_does_it(
        self, router: CaddyFiles, folder: Path, upstreams: Mapping[str, str], before: str
    ) -> None:
        route, shares = router.active(upstreams), {"blue": 50, "green": 50}
        assert exit_code(lambda: self._killed_at(before, router, upstreams)) == KILLED
        assert router.active(upstreams) == route
        assert router.share(shares, upstreams, route).changed
        assert router.active(upstreams).shares == shares
        assert self._beside(folder) == {"active", "active.routes", ".active.lock"}
        assert len(list(folder.with_name("active.routes").iterdir())) == 2

    def test_one_that_was_killed_after_the_rename_is_done(
        self, router: CaddyFiles, upstreams: Mapping[str, str]
    ) -> None:
        route, shares = router.active(upstreams), {"blue": 50, "green": 50}
        assert exit_code(lambda: self._killed_at("iterdir", router, upstreams)) == KILLED
        assert not router.share(shares, upstreams, route).changed
        assert abs(answers(router)["green"] - 50) <= 1

    def _killed_at(self, step: str, router: CaddyFiles, upstreams: Mapping[str, str]) -> None:
        setattr(Path, step, lambda *_args: os.kill(os.getpid(), signal.SIGKILL))
        router.share({"blue": 50, "green": 50}, upstreams, router.active(upstreams))

    def _beside(self, folder: Path) -> set[str]:
        return {path.name for path in folder.parent.iterdir() if path.name != "caddy"}

    def test_keeps_the_modes_that_caddy_can_read(
        self, router: CaddyFiles, folder: Path, upstreams: Mapping[str, str]
    ) -> None:
        folder.resolve().chmod(0o750)
        (folder / "3").chmod(0o640)
        router.switch("green", upstreams, router.active(upstreams))
        modes = [path.stat().st_mode & 0o777 for path in (folder, folder / "3", folder / "4")]
        assert modes == [0o750, 0o640, 0o644]

    def test_switches_while_caddy_is_down(
        self, router: CaddyFiles, caddy: Caddy, upstreams: Mapping[str, str]
    ) -> None:
        caddy.stop()
        assert router.switch("green", upstreams, router.active(upstreams)).changed

    def test_a_caddyfile_says_the_same(
        self, caddy: Caddy, folder: Path, upstreams: Mapping[str, str]
    ) -> None:
        dials = " ".join(f"tcp/{placeholder}" for placeholder in placeholders(folder))
        file = write_caddyfile(caddy, dials)
        file.write_text(file.read_text().replace("header_up", "lb_policy round_robin\n\t\theader_up", 1))
        caddy.start(file, "--adapter", "caddyfile")
        router = CaddyFiles(folder=folder, address=caddy.address)
        router.share({"blue": 70, "green": 30}, upstreams, router.active(upstreams))
        assert answers(router) == {"blue": 70, "green": 30}


def test_a_missing_file_is_named(folder: Path, upstreams: Mapping[str, str]) -> None:
    (folder / "7").unlink()
    with pytest.raises(Unreachable, match="active/7 is missing and Caddy answers 502 for its share"):
        CaddyFiles(folder=folder, address="http://127.0.0.1:1").active(upstreams)


def test_a_folder_that_is_no_link_is_read_and_not_switched(
    folder: Path, upstreams: Mapping[str, str]
) -> None:
    plain = folder.with_name("plain")
    shutil.copytree(folder, plain)
    router = CaddyFiles(folder=plain, address="http://127.0.0.1:1")
    assert router.active(upstreams).slot == "blue"
    with pytest.raises(ConfigurationError, match="is no link"):
        router.switch("green", upstreams, router.active(upstreams))


def test_doctor_says_what_is_dialled_and_what_is_no_address(
    folder: Path, upstreams: Mapping[str, str]
) -> None:
    lay_out(folder, [upstreams["blue"], upstreams["green"]])
    router = CaddyFiles(folder=folder, address="http://127.0.0.1:1")
    [well] = router.examine()
    assert not well.bad
    assert f"{upstreams['green']} 50 %" in well.finding.said
    (folder / "2").write_text("blue")
    [wrong] = router.examine()
    assert "'blue', which is no HOST:PORT" in wrong.finding.said
    (folder / "2").unlink()
    [wrong] = router.examine()
    assert (wrong.bad, wrong.remedies[0].command) == (True, f"head {folder}/*")
