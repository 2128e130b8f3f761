from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from blocks.routers.caddy_reload import CaddyReload
from domain.errors import CommandFailed, ConfigurationError, UnknownRemedy, Unreachable
from examples.demo.ports import free_ports
from tests.blocks.caddy import PROGRAM, Caddy
from tests.blocks.routers.configurations import write_caddyfile
from tests.blocks.routers.contract import RouterContract, answering


@pytest.fixture
def caddyfile(caddy: Caddy, upstreams: Mapping[str, str]) -> Path:
    return write_caddyfile(caddy, upstreams["blue"])


@pytest.fixture
def router(caddy: Caddy, caddyfile: Path) -> CaddyReload:
    caddy.start(caddyfile, "--adapter", "caddyfile")
    return CaddyReload(address=caddy.address, caddyfile=caddyfile, admin=caddy.admin, program=PROGRAM)


@pytest.fixture
def take_down(caddy: Caddy) -> Callable[[], None]:
    return caddy.stop


class TestCaddyReload(RouterContract):
    def test_changes_the_upstream_and_nothing_else(
        self, router: CaddyReload, caddyfile: Path, upstreams: Mapping[str, str]
    ) -> None:
        before = caddyfile.read_text()
        router.switch("green", upstreams, router.active(upstreams))
        old = f"reverse_proxy {upstreams['blue']} {{"
        assert caddyfile.read_text() == before.replace(
            old, old.replace(upstreams["blue"], upstreams["green"])
        )
        assert {path.name for path in caddyfile.parent.glob(".Caddyfile.*")} == {".Caddyfile.lock"}

    def test_the_old_file_stays_where_the_new_one_is_not_valid(
        self, router: CaddyReload, caddyfile: Path, upstreams: Mapping[str, str]
    ) -> None:
        spoilt = caddyfile.read_text() + "\nhttp://127.0.0.1:1 {\n\tno_such_directive\n}\n"
        caddyfile.write_text(spoilt)
        with pytest.raises(CommandFailed, match="no_such_directive"):
            router.switch("green", upstreams, router.active(upstreams))
        assert caddyfile.read_text() == spoilt
        assert answering(router) == "blue"

    def test_the_old_file_is_put_back_where_caddy_refuses_the_new_one(
        self, router: CaddyReload, caddyfile: Path, upstreams: Mapping[str, str]
    ) -> None:
        # Adapts, and fails when Caddy begins to run it: nobody may listen on an address of another machine.
        refused = caddyfile.read_text() + "\nhttp://192.0.2.1:81 {\n\tbind 192.0.2.1\n\trespond ok\n}\n"
        caddyfile.write_text(refused)
        with pytest.raises(CommandFailed, match="reload"):
            router.switch("green", upstreams, router.active(upstreams))
        assert caddyfile.read_text() == refused
        assert not list(caddyfile.parent.glob(".Caddyfile.before"))
        assert answering(router) == "blue"

    def test_a_switch_that_was_cut_off_before_the_reload_is_done_again(
        self, router: CaddyReload, caddyfile: Path, upstreams: Mapping[str, str]
    ) -> None:
        text = caddyfile.read_text()
        caddyfile.with_name(".Caddyfile.before").write_text(text)
        caddyfile.write_text(text.replace(f"proxy {upstreams['blue']}", f"proxy {upstreams['green']}"))
        cut_off = router.active(upstreams)
        assert cut_off.slot == "blue"
        assert router.switch("green", upstreams, cut_off).changed
        assert answering(router) == "green"

    def test_a_file_that_goes_to_several_slots_needs_a_site(
        self, router: CaddyReload, caddyfile: Path, caddy: Caddy, upstreams: Mapping[str, str]
    ) -> None:
        [other] = free_ports(1)
        preview = f"\nhttp://127.0.0.1:{other} {{\n\treverse_proxy {upstreams['green']}\n}}\n"
        caddyfile.write_text(caddyfile.read_text() + preview)
        with pytest.raises(ConfigurationError, match="give `site`"):
            router.switch("green", upstreams, router.active(upstreams))
        narrowed = router.model_copy(update={"site": caddy.address})
        assert narrowed.switch("green", upstreams, narrowed.active(upstreams)).changed
        narrowed.switch("blue", upstreams, narrowed.active(upstreams))
        assert caddyfile.read_text().endswith(preview)
        assert answering(router) == "blue"

    def test_without_a_caddy_on_path_backouts_own_is_used(
        self,
        router: CaddyReload,
        upstreams: Mapping[str, str],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        usual = router.model_copy(update={"program": "caddy"})
        assert usual.switch("green", upstreams, usual.active(upstreams)).changed
        assert answering(router) == "green"

    def test_another_program_is_never_replaced(
        self, router: CaddyReload, upstreams: Mapping[str, str]
    ) -> None:
        gone = router.model_copy(update={"program": "/opt/nosuch/caddy"})
        with pytest.raises(CommandFailed, match="/opt/nosuch/caddy"):
            gone.switch("green", upstreams, gone.active(upstreams))

    def test_doctor_sees_a_file_that_is_not_loaded_and_loads_it(
        self, router: CaddyReload, caddyfile: Path, upstreams: Mapping[str, str]
    ) -> None:
        assert [checkup.bad for checkup in router.examine()] == [False]
        caddyfile.write_text(caddyfile.read_text().replace(upstreams["blue"], upstreams["green"]))
        caddyfile.with_name(".Caddyfile.before").touch()
        [cut_off] = router.examine()
        assert "cut off" in cut_off.finding.said
        assert [remedy.name for remedy in cut_off.remedies] == ["reload"]
        assert "Caddyfile again" in router.mend("reload")
        assert [checkup.bad for checkup in router.examine()] == [False]
        assert answering(router) == "green"

    def test_doctor_tells_of_a_file_that_is_not_valid_and_of_a_caddy_that_is_away(
        self, router: CaddyReload, caddyfile: Path, caddy: Caddy
    ) -> None:
        whole = caddyfile.read_text()
        caddyfile.write_text(whole + "\nhttp://127.0.0.1:1 {\n\tno_such_directive\n}\n")
        assert [checkup.finding.symptom for checkup in router.examine()] == ["not valid"]
        caddyfile.write_text(whole)
        caddy.stop()
        assert [checkup.finding.symptom for checkup in router.examine()] == ["Caddy does not answer"]
        with pytest.raises(UnknownRemedy):
            router.mend("start caddy")

    def test_a_missing_file_is_unreachable(
        self, router: CaddyReload, caddyfile: Path, upstreams: Mapping[str, str]
    ) -> None:
        caddyfile.unlink()
        with pytest.raises(Unreachable, match="the file is missing"):
            router.active(upstreams)
