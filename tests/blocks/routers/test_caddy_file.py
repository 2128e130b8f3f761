from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from blocks import caddy_placeholder
from blocks.files import locked
from blocks.routers.caddy_file import CaddyFile
from domain.errors import Unreachable
from tests.blocks.caddy import Caddy
from tests.blocks.routers.configurations import write_json
from tests.blocks.routers.contract import LosslessRouterContract, answering


@pytest.fixture
def file(tmp_path: Path, upstreams: Mapping[str, str]) -> Path:
    path = tmp_path / "active"
    path.write_text(upstreams["blue"] + "\n")
    path.chmod(0o640)
    return path


@pytest.fixture
def router(caddy: Caddy, file: Path) -> CaddyFile:
    caddy.start(write_json(caddy, f"{{file.{file}}}"))
    return CaddyFile(file=file, address=caddy.address)


@pytest.fixture
def take_down(file: Path) -> Callable[[], None]:
    return file.unlink


class TestCaddyFile(LosslessRouterContract):
    def test_a_missing_file_is_told_with_what_to_do_and_not_made_up(
        self, router: CaddyFile, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        file.unlink()
        with pytest.raises(Unreachable, match="write the address of the slot"):
            router.switch("green", upstreams, before)
        assert not file.exists()

    def test_leaves_nothing_beside_the_file_but_the_lock(
        self, router: CaddyFile, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("green", upstreams, router.active(upstreams))
        beside = {path.name for path in file.parent.iterdir() if path.is_file()}
        assert beside == {"active", ".active.lock"}

    def test_keeps_the_mode_that_caddy_can_read(
        self, router: CaddyFile, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("green", upstreams, router.active(upstreams))
        assert file.stat().st_mode & 0o777 == 0o640

    def test_the_same_address_written_anew_is_another_route(
        self, router: CaddyFile, file: Path, upstreams: Mapping[str, str]
    ) -> None:
        before = router.active(upstreams)
        file.write_bytes(file.read_bytes())
        assert router.active(upstreams).slot == before.slot
        assert router.active(upstreams).stamp != before.stamp

    def test_switches_while_caddy_is_down(
        self, router: CaddyFile, caddy: Caddy, upstreams: Mapping[str, str]
    ) -> None:
        caddy.stop()
        assert router.switch("green", upstreams, router.active(upstreams)).changed

    def test_a_lock_that_never_comes_free_is_unreachable(
        self, router: CaddyFile, file: Path, upstreams: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(caddy_placeholder, "LOCK_TIMEOUT_S", 0.1)
        with locked(file.with_name(".active.lock"), 1), pytest.raises(Unreachable, match="locked by another"):
            router.switch("green", upstreams, router.active(upstreams))
        assert answering(router) == "blue"


def test_a_relative_file_is_refused() -> None:
    with pytest.raises(ValidationError, match="must be an absolute path"):
        CaddyFile(file=Path("run/active"), address="http://127.0.0.1:8080")


@pytest.mark.parametrize("address", ["127.0.0.1:8080", "ftp://host", "http://", "http://me:secret@host"])
def test_an_address_must_be_a_url_without_secrets(address: str) -> None:
    with pytest.raises(ValidationError, match="must") as refused:
        CaddyFile(file=Path("/run/active"), address=address)
    assert "secret" not in str(refused.value)
