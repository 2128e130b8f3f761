from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.caddy_api import CaddyApi
from blocks.routers.caddy_admin import CaddyAdmin
from domain.errors import ConfigurationError, Conflict
from tests.blocks.caddy import Caddy
from tests.blocks.routers.configurations import write_json
from tests.blocks.routers.contract import RouterContract

PATH = "/apps/http/servers/site/routes/0/handle/0"


@pytest.fixture(params=[{"id": "application"}, {"path": PATH}], ids=["id", "path"])
def router(request: pytest.FixtureRequest, caddy: Caddy, upstreams: Mapping[str, str]) -> CaddyAdmin:
    caddy.start(write_json(caddy, upstreams["blue"]))
    settings = {"address": caddy.address, "admin": caddy.admin, **request.param}
    return CaddyAdmin.model_validate(settings)


@pytest.fixture
def take_down(caddy: Caddy) -> Callable[[], None]:
    return caddy.stop


class TestCaddyAdmin(RouterContract):
    def test_keeps_what_else_is_said_of_the_upstream(
        self, router: CaddyAdmin, caddy: Caddy, upstreams: Mapping[str, str]
    ) -> None:
        router.switch("green", upstreams, router.active(upstreams))
        part = CaddyApi(caddy.admin, 5).get(f"/config{PATH}/upstreams")
        assert part.value == [{"dial": upstreams["green"], "max_requests": 500}]

    def test_two_upstreams_are_no_slot_and_become_one(
        self, router: CaddyAdmin, caddy: Caddy, upstreams: Mapping[str, str]
    ) -> None:
        api, path = CaddyApi(caddy.admin, 5), f"/config{PATH}/upstreams"
        api.replace(path, [{"dial": upstreams["blue"]}, {"dial": upstreams["red"]}], api.get(path).etag)
        mixed = router.active(upstreams)
        assert mixed.slot is None
        router.switch("green", upstreams, mixed)
        assert api.get(path).value == [{"dial": upstreams["green"]}]

    def test_caddy_itself_refuses_what_changed_after_the_look(
        self, router: CaddyAdmin, upstreams: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = router.active(upstreams)
        replace = CaddyApi.replace

        def another_was_first(api: CaddyApi, path: str, value: Any, etag: str) -> bool:
            assert replace(api, path, [{"dial": upstreams["red"]}], etag)
            return replace(api, path, value, etag)

        monkeypatch.setattr(CaddyApi, "replace", another_was_first)
        with pytest.raises(Conflict):
            router.switch("green", upstreams, before)
        assert router.active(upstreams).slot == "red"

    @pytest.mark.parametrize(
        "wrong", [{"id": "nobody"}, {"path": "/apps/nothing/here"}, {"path": "/apps/http"}]
    )
    def test_a_handler_that_is_not_there_is_a_wrong_setting(
        self, router: CaddyAdmin, upstreams: Mapping[str, str], wrong: dict[str, str]
    ) -> None:
        lost = router.model_copy(update={"id": None, "path": None, **wrong})
        with pytest.raises(ConfigurationError, match="Caddy at unix/"):
            lost.active(upstreams)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"id": "a", "path": "/apps"},
        {"id": "a/../b"},
        {"id": "a", "admin": "10.0.0.1:2019"},
        {"id": "a", "admin": "127.0.0.1"},
        {"id": "a", "admin": "unix/relative"},
        {"id": "a", "colour": "blue"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CaddyAdmin.model_validate({"address": "http://127.0.0.1:1", "admin": "127.0.0.1:2019", **settings})
