"""Caddy in a real container, switched in each way that a container's mounts allow."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blocks.routers.caddy_admin import CaddyAdmin
from blocks.routers.caddy_file import CaddyFile
from blocks.routers.caddy_reload import CaddyReload
from domain.errors import CommandFailed, ConfigurationError, Unreachable
from tests.blocks.routers.caddy_container import CaddyContainer
from tests.blocks.routers.contract import LosslessRouterContract, RouterContract, answering

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.engine

CADDYFILE = """\
{{
\tadmin {admin}
\tauto_https off
\tpersist_config off
}}

http://127.0.0.1:{port} {{
\treverse_proxy {upstream}
}}
"""


@pytest.fixture(scope="module")
def make(engine: "DockerClient", base_image: str) -> Iterator[Callable[..., CaddyContainer]]:
    made: list[CaddyContainer] = []

    def container(folder: Path, *, whole_folder: bool) -> CaddyContainer:
        made.append(CaddyContainer(engine, base_image, folder, whole_folder=whole_folder))
        return made[-1]

    yield container
    for one in made:
        one.remove()


def reset(caddy: CaddyContainer, file: Path, text: str) -> None:
    """As it was at first, written in place: a single mounted file stays the one that is mounted."""
    caddy.start()
    if file.read_text() != text:
        file.write_text(text)
        CaddyReload(
            address=caddy.address, caddyfile=file, admin=f"127.0.0.1:{caddy.admin_port}", container=caddy.name
        ).mend("reload")


@pytest.fixture(scope="module")
def single(
    make: Callable[..., CaddyContainer],
    tmp_path_factory: pytest.TempPathFactory,
    upstreams: Mapping[str, str],
) -> tuple[CaddyContainer, Path, str]:
    """An unchanged Caddyfile, mounted as a single file, whose admin API is inside only."""
    caddy = make(tmp_path_factory.mktemp("single") / "caddy", whole_folder=False)
    file = caddy.folder / "Caddyfile"
    text = CADDYFILE.format(
        admin=f"127.0.0.1:{caddy.admin_port}", port=caddy.port, upstream=upstreams["blue"]
    )
    file.write_text(text)
    caddy.run(file)
    return caddy, file, text


class TestCaddyReloadInContainer(RouterContract):
    @pytest.fixture
    def router(self, single: tuple[CaddyContainer, Path, str]) -> CaddyReload:
        caddy, file, text = single
        reset(caddy, file, text)
        return CaddyReload(
            address=caddy.address, caddyfile=file, admin=f"127.0.0.1:{caddy.admin_port}", container=caddy.name
        )

    @pytest.fixture
    def take_down(self, single: tuple[CaddyContainer, Path, str]) -> Callable[[], None]:
        return single[0].stop

    def test_the_old_file_is_put_back_where_caddy_refuses_the_new_one(
        self, router: CaddyReload, upstreams: Mapping[str, str]
    ) -> None:
        spoilt = router.caddyfile.read_text() + "\nhttp://127.0.0.1:1 {\n\tno_such_directive\n}\n"
        router.caddyfile.write_text(spoilt)
        with pytest.raises(CommandFailed, match="no_such_directive"):
            router.switch("green", upstreams, router.active(upstreams))
        assert router.caddyfile.read_text() == spoilt
        assert answering(router) == "blue"

    def test_a_switch_that_was_cut_off_before_the_reload_is_done_again(
        self, router: CaddyReload, upstreams: Mapping[str, str]
    ) -> None:
        text = router.caddyfile.read_text()
        router.caddyfile.with_name(".Caddyfile.before").write_text(text)
        router.caddyfile.write_text(text.replace(upstreams["blue"], upstreams["green"]))
        cut_off = router.active(upstreams)
        assert cut_off.slot == "blue"
        assert router.switch("green", upstreams, cut_off).changed
        assert answering(router) == "green"

    def test_doctor_sees_a_file_that_is_not_loaded_and_loads_it(
        self, router: CaddyReload, upstreams: Mapping[str, str]
    ) -> None:
        assert [checkup.bad for checkup in router.examine()] == [False, False]
        text = router.caddyfile.read_text()
        router.caddyfile.write_text(text.replace(upstreams["blue"], upstreams["green"]))
        [_, file] = router.examine()
        assert file.finding.symptom == "not loaded"
        [reload] = file.remedies
        assert f"docker exec {router.container} caddy reload" in reload.command
        assert "--config /etc/caddy/Caddyfile" in reload.command
        router.mend(reload.name)
        assert [checkup.bad for checkup in router.examine()] == [False, False]
        assert answering(router) == "green"

    def test_doctor_sees_a_container_that_is_down_and_starts_it(
        self, router: CaddyReload, single: tuple[CaddyContainer, Path, str]
    ) -> None:
        single[0].stop()
        [container] = router.examine()
        assert "exit code 137" in container.finding.said
        router.mend(container.remedies[0].name)
        single[0].start()
        assert not any(checkup.bad for checkup in router.examine())

    def test_a_file_that_the_container_does_not_see_is_told(
        self, router: CaddyReload, upstreams: Mapping[str, str], tmp_path: Path
    ) -> None:
        other = tmp_path / "Caddyfile"
        other.write_text(router.caddyfile.read_text())
        lost = router.model_copy(update={"caddyfile": other})
        with pytest.raises(ConfigurationError, match="does not see"):
            lost.switch("green", upstreams, lost.active(upstreams))
        assert other.read_text() == router.caddyfile.read_text()

    def test_a_container_that_is_not_there_is_unreachable(
        self, router: CaddyReload, upstreams: Mapping[str, str]
    ) -> None:
        with pytest.raises(Unreachable, match="backout-f1-nobody"):
            router.model_copy(update={"container": "backout-f1-nobody"}).active(upstreams)


@pytest.fixture(scope="module")
def mounted(
    make: Callable[..., CaddyContainer],
    tmp_path_factory: pytest.TempPathFactory,
    upstreams: Mapping[str, str],
) -> CaddyContainer:
    caddy = make(tmp_path_factory.mktemp("folder") / "caddy", whole_folder=True)
    (caddy.folder / "active").write_text(upstreams["blue"])
    upstream = "tcp/{file./etc/caddy/active}"
    text = CADDYFILE.format(admin="unix//run/caddy/admin.sock|0600", port=caddy.port, upstream=upstream)
    (caddy.folder / "Caddyfile").write_text(text)
    caddy.run(caddy.folder / "Caddyfile")
    return caddy


class TestCaddyFileInContainer(LosslessRouterContract):
    """The placeholder's file on a mounted folder; the same container has an admin socket on another one."""

    @pytest.fixture
    def router(self, mounted: CaddyContainer, upstreams: Mapping[str, str]) -> CaddyFile:
        file = mounted.folder / "active"
        file.write_text(upstreams["blue"])
        return CaddyFile(address=mounted.address, file=file, container=mounted.name)

    @pytest.fixture
    def take_down(self, router: CaddyFile) -> Callable[[], None]:
        return router.file.unlink

    def test_a_single_mounted_file_is_refused_for_it_follows_no_rename(
        self, router: CaddyFile, single: tuple[CaddyContainer, Path, str], upstreams: Mapping[str, str]
    ) -> None:
        caddy, file, text = single
        file.write_text(upstreams["blue"])
        alone = CaddyFile(address=router.address, file=file, container=caddy.name)
        with pytest.raises(ConfigurationError, match="mount its folder"):
            alone.switch("green", upstreams, alone.active(upstreams))
        assert file.read_text() == upstreams["blue"]
        file.write_text(text)

    def test_the_admin_socket_on_a_mounted_folder_serves_the_other_routers(
        self, mounted: CaddyContainer, upstreams: Mapping[str, str]
    ) -> None:
        path = "/apps/http/servers/srv0/routes/0/handle/0/routes/0/handle/0"
        admin = CaddyAdmin(address=mounted.address, admin=mounted.admin, path=path, container=mounted.name)
        assert admin.switch("green", upstreams, admin.active(upstreams)).changed
        assert answering(admin) == "green"
        file = mounted.folder / "Caddyfile"
        file.write_text(file.read_text().replace("tcp/{file./etc/caddy/active}", upstreams["green"]))
        reload = CaddyReload(
            address=mounted.address, admin=mounted.admin, caddyfile=file, container=mounted.name
        )
        assert reload.switch("blue", upstreams, reload.active(upstreams)).changed
        assert answering(reload) == "blue"
        assert not [checkup.finding.said for checkup in admin.examine() if checkup.bad]
        assert not list(mounted.folder.glob(".Caddyfile.[bc]*"))


@pytest.mark.parametrize("more", [{"program": "/usr/bin/caddy"}, {"env": {"A": "b"}}, {"container": "--all"}])
def test_settings_of_this_host_are_refused_beside_a_container(more: dict[str, Any]) -> None:
    given = {"address": "http://127.0.0.1:1", "caddyfile": "/etc/Caddyfile", "admin": "127.0.0.1:2019"}
    with pytest.raises(ValidationError):
        CaddyReload.model_validate_json(json.dumps({**given, "container": "caddy", **more}))
