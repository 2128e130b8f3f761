import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from blocks.routers.nginx_upstream import NginxUpstream
from domain.errors import CommandFailed, ConfigurationError, Unreachable
from tests.blocks.nginx import Nginx, require_nginx
from tests.blocks.routers.contract import RouterContract, answering
from tests.blocks.routers.weighted_contract import WeightedRouterContract

BY_HAND = "# the shop\nupstream shop {{\n    server {blue} max_fails=0;  # v1.0.0\n    keepalive 16;\n}}\n"
CHECKOUT = Path(__file__).parents[3]
KILLED = """\
import sys
from blocks.routers.nginx_upstream import NginxUpstream
router = NginxUpstream.model_validate_json(sys.argv[1])
upstreams = dict(word.split("=") for word in sys.argv[2:])
router.switch("green", upstreams, router.active(upstreams))
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    require_nginx()
    server = Nginx(tmp_path / "nginx")
    yield server
    server.stop()


@pytest.fixture
def file(tmp_path: Path, upstreams: Mapping[str, str]) -> Path:
    path = tmp_path / "shop.conf"
    path.write_text(BY_HAND.format(**upstreams))
    return path


@pytest.fixture
def router(nginx: Nginx, file: Path) -> NginxUpstream:
    nginx.serve(f"include {file.parent}/*.conf;")
    return NginxUpstream(
        address=nginx.address,
        file=file,
        upstream="shop",
        pid_file=nginx.pid_file,
        test_command=nginx.command("-t"),
        reload_command=nginx.command("-s", "reload"),
    )


@pytest.fixture
def take_down(nginx: Nginx, file: Path) -> Callable[[], None]:
    def both() -> None:
        nginx.terminate()
        file.unlink()

    return both


def beside(file: Path) -> set[str]:
    return {path.name for path in file.parent.iterdir() if path.is_file()}


def is_unchanged(router: NginxUpstream, file: Path, text: str, upstreams: Mapping[str, str]) -> bool:
    return file.read_text() == text and router._settled() and router.active(upstreams).slot == "blue"


class TestNginxUpstream(RouterContract, WeightedRouterContract):
    def test_writes_the_file_keeps_what_else_it_said_and_the_file_itself(
        self, router: NginxUpstream, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        by_hand = file.read_text()
        router.share({"blue": 90, "green": 10}, upstreams, router.active(upstreams))
        first, *lines = file.read_text().splitlines()
        assert first.startswith("# Written by Backout.")
        assert lines == [
            "upstream shop {",
            f"    server {upstreams['blue']} weight=90 max_fails=0;",
            f"    server {upstreams['green']} weight=10 max_fails=0;",
            "    keepalive 16;",
            "}",
        ]
        router.switch("green", upstreams, router.active(upstreams))
        assert file.with_name("shop.conf.before-backout").read_text() == by_hand
        assert beside(file) == {"shop.conf", "shop.conf.before-backout", ".shop.conf.lock"}

    def test_a_configuration_that_does_not_test_is_never_loaded(
        self, router: NginxUpstream, nginx: Nginx, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        text, workers = file.read_text(), nginx.workers()
        nginx.configuration.write_text(nginx.configuration.read_text() + "no_such_directive;")
        with pytest.raises(CommandFailed, match="no_such_directive"):
            router.switch("green", upstreams, router.active(upstreams))
        assert is_unchanged(router, file, text, upstreams)
        assert nginx.workers() == workers

    def test_the_old_file_comes_back_where_nginx_does_not_take_the_new_one(
        self, router: NginxUpstream, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        text = file.read_text()
        elsewhere = {"reload_command": ["true"], "timeout_s": 0.5}
        hasty = router.model_copy(update=elsewhere)
        with pytest.raises(CommandFailed, match="goes on with its old workers"):
            hasty.switch("green", upstreams, router.active(upstreams))
        assert is_unchanged(router, file, text, upstreams)
        assert answering(router) == "blue"

    def test_the_old_file_comes_back_where_the_reload_fails(
        self, router: NginxUpstream, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        text = file.read_text()
        forbidden = router.model_copy(update={"reload_command": ["false"]})
        with pytest.raises(CommandFailed, match="false"):
            forbidden.switch("green", upstreams, router.active(upstreams))
        assert is_unchanged(router, file, text, upstreams)

    def test_nothing_is_changed_while_nginx_is_down(
        self, router: NginxUpstream, nginx: Nginx, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        text, before = file.read_text(), router.active(upstreams)
        nginx.terminate()
        with pytest.raises(Unreachable, match="nginx"):
            router.switch("green", upstreams, before)
        assert is_unchanged(router, file, text, upstreams)

    @pytest.mark.parametrize("goal", ["green", "blue"])
    def test_a_switch_that_was_killed_is_done_again_or_undone(
        self, router: NginxUpstream, file: Path, upstreams: Mapping[str, str], goal: str
    ) -> None:
        before = router.active(upstreams)
        deadly = router.model_copy(update={"reload_command": ["sh", "-c", "kill -9 $PPID"]})
        settings = [f"{slot}={address}" for slot, address in upstreams.items()]
        argv = [sys.executable, "-c", KILLED, deadly.model_dump_json(), *settings]
        assert subprocess.run(argv, cwd=CHECKOUT, check=False).returncode == -9
        assert upstreams["green"] in file.read_text()
        assert router.active(upstreams) == before
        [cut_off] = [found for found in router.examine() if found.finding.bad]
        assert "was cut off" in cut_off.finding.said
        assert router.switch(goal, upstreams, before).changed
        assert router.active(upstreams).slot == answering(router) == goal
        assert not [found for found in router.examine() if found.finding.bad]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("upstream other { server 127.0.0.1:1; }", "holds no `upstream shop"),
            (
                "upstream shop { server 127.0.0.1:1; }\nserver { listen 1; }",
                "holds more than the upstream: `server`",
            ),
            ("upstream shop { server 127.0.0.1:1 down; }", "names no server that gets traffic"),
            ("upstream shop;", "holds no `upstream shop"),
        ],
    )
    def test_a_file_that_cannot_be_written_anew_is_a_wrong_setting(
        self, router: NginxUpstream, file: Path, upstreams: Mapping[str, str], text: str, said: str
    ) -> None:
        before = router.active(upstreams)
        file.write_text(text)
        for act in (router.active, lambda known: router.switch("green", known, before)):
            with pytest.raises(ConfigurationError, match=said):
                act(upstreams)
        assert file.read_text() == text

    def test_a_missing_file_is_told_with_what_to_do(
        self, router: NginxUpstream, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        file.unlink()
        with pytest.raises(Unreachable, match=r"write `upstream shop \{ server ADDRESS; \}` into it"):
            router.active(upstreams)

    def test_doctor_sees_the_file_and_reloads(
        self, router: NginxUpstream, nginx: Nginx, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        found = {each.finding.name: each.finding for each in router.examine()}
        assert found["nginx upstream file"].said == f"{file}: {upstreams['blue']} 100 %"
        assert all(finding.ok for finding in found.values())
        before = nginx.workers()
        router.mend("reload")
        assert nginx.workers() != before
        file.unlink()
        wrong = [each.finding.name for each in router.examine() if each.finding.bad]
        assert "nginx upstream file" in wrong
