"""The adapter on the example's real API; what an API can answer badly is in `test_deployment_api_answers.py`."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from blocks.deployment_api.switching import Switching
from blocks.platforms.deployment_api import DeploymentApi
from domain.errors import NotPermitted, SwitchUnclear, UnknownSlot, Unreachable
from domain.findings import Verdict
from examples.mvp_011.server import ApiFault
from examples.mvp_011.stack import Stack
from tests.blocks.platforms.in_place_contract import SECRET, InPlaceContract, Releases, never_look


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Releases are called as the environments they are in, so that a slot's name is its release's."""
    stack = Stack(tmp_path_factory.mktemp("mvp"), token=SECRET).up()
    try:
        yield stack
    finally:
        stack.down()


@pytest.fixture
def platform(stack: Stack) -> DeploymentApi:
    (stack.folder / "api-fault").unlink(missing_ok=True)
    if not stack.status()["deploymentHistory"]:
        stack.deploy("blue")
    if stack.status()["currentEnvironment"] == "blue":
        stack.deploy("green")
    return api_of(stack)


@pytest.fixture
def releases() -> Releases:
    return Releases(old="blue", new="green")


@pytest.fixture
def answering(stack: Stack) -> Callable[[], str]:
    return lambda: str(httpx.get(f"{stack.url}/health", trust_env=False).raise_for_status().json()["version"])


def api_of(stack: Stack, **changes: Any) -> DeploymentApi:
    given = {"kind": "deployment_api", "url": stack.url, "token": SECRET, "settle_s": 0.4, **changes}
    return DeploymentApi.model_validate(given)


def rollbacks(stack: Stack) -> int:
    return sum(entry["action"] == "rollback" for entry in stack.status()["deploymentHistory"])


class TestDeploymentApi(InPlaceContract):
    """The shared suite, and what is this adapter's own."""

    def test_its_address_is_the_apis_unless_users_have_another(self, stack: Stack) -> None:
        assert api_of(stack).address == stack.url
        assert api_of(stack, address="https://mvp.example.com/").address == "https://mvp.example.com"

    def test_the_history_becomes_releases_newest_first(
        self, platform: DeploymentApi, releases: Releases
    ) -> None:
        newest, before = platform.history()
        assert (newest.version, newest.slot) == (releases.new, "green")
        assert (before.version, before.slot) == (releases.old, "blue")
        assert newest.served_since is not None
        assert before.served_since is not None
        assert before.served_since < newest.served_since

    def test_the_history_is_the_log_and_the_evidence(self, platform: DeploymentApi) -> None:
        assert "green" in platform.logs("green", 1)[0]
        kept = json.loads(platform.configuration()["deployment-status.json"])
        assert kept["currentEnvironment"] == "green"

    @pytest.mark.parametrize("fault", [ApiFault.ERROR_AFTER, ApiFault.CUT_AFTER, ApiFault.SLOW])
    def test_an_answer_that_says_nothing_is_followed_by_a_look(
        self, stack: Stack, platform: DeploymentApi, fault: ApiFault
    ) -> None:
        stack.spoil(fault)
        before = rollbacks(stack)
        assert platform.activate("blue", platform.route()).changed
        assert platform.route().slot == "blue"
        assert rollbacks(stack) == before + 1

    def test_a_post_that_is_never_answered_ends_at_its_timeout(self, stack: Stack) -> None:
        patient = api_of(stack, post_timeout_s=0.5)
        if patient.route().slot == "blue":
            stack.deploy("green")
        before = rollbacks(stack)
        stack.spoil(ApiFault.HANG_AFTER)
        assert patient.activate("blue", patient.route()).changed
        assert rollbacks(stack) == before + 1

    def test_an_error_before_the_switch_is_followed_by_one_more_post(
        self, stack: Stack, platform: DeploymentApi
    ) -> None:
        stack.spoil(ApiFault.ERROR_BEFORE)
        before = rollbacks(stack)
        assert platform.activate("blue", platform.route()).changed
        assert rollbacks(stack) == before + 1

    def test_a_slow_switch_is_not_asked_for_twice(self, stack: Stack, platform: DeploymentApi) -> None:
        """The POST is given up long before the switch; the second one, with the same key, waits for the first."""
        del platform
        hasty = api_of(stack, post_timeout_s=0.3, settle_s=0.3)
        stack.spoil(ApiFault.SLOW)
        before = rollbacks(stack)
        with suppress(SwitchUnclear):
            hasty.activate("blue", hasty.route())
        again = api_of(stack, settle_s=5)
        again.activate("blue", again.route())
        assert stack.status()["currentEnvironment"] == "blue"
        assert rollbacks(stack) == before + 1

    def test_a_run_started_again_sends_the_same_key(
        self, stack: Stack, platform: DeploymentApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first one dies after its POST was taken; the API, asked again with that key, switches once."""
        route, before = platform.route(), rollbacks(stack)
        monkeypatch.setattr(Switching, "_unmoved_after", _dies)
        with pytest.raises(KeyboardInterrupt):
            platform.activate("blue", route)
        monkeypatch.undo()
        assert not platform.activate("blue", platform.route()).changed
        assert rollbacks(stack) == before + 1

    def test_a_wrong_token_is_told_without_showing_it(self, stack: Stack) -> None:
        with pytest.raises(NotPermitted, match="credential") as refused:
            api_of(stack, token="wrong-horse").slots()
        assert "wrong-horse" not in str(refused.value)
        assert [one.finding.verdict for one in api_of(stack, token="wrong-horse").examine()] == [Verdict.BAD]

    def test_doctor_finds_nothing_where_all_is_well(self, platform: DeploymentApi) -> None:
        assert [one.finding.verdict for one in platform.examine()] == [Verdict.OK, Verdict.OK]

    def test_there_is_nothing_to_go_back_to_before_the_second_release(self, tmp_path: Path) -> None:
        stack = Stack(tmp_path).up()
        try:
            stack.deploy("1.0.0")
            alone = api_of(stack, token=None)
            assert [slot.name for slot in alone.slots()] == ["blue"]
            with pytest.raises(UnknownSlot, match="green"):
                alone.prepare("green", never_look)
            assert alone.examine()[1].remedies
        finally:
            stack.down()
        with pytest.raises(Unreachable, match="refused"):
            alone.route()


def _dies(_switching: Switching) -> bool:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "colour"),
        ({"url": "ftp://api"}, "http://HOST"),
        ({"url": "http://me:secret@api"}, "user or password"),
        ({"token": f"{SECRET}\r\nX: y"}, "line break"),
        ({"header": "X Token"}, "header"),
        ({"settle_s": 0}, "settle_s"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        DeploymentApi.model_validate({"kind": "deployment_api", "url": "http://127.0.0.1:1", **change})
    assert SECRET not in str(refused.value)


def test_the_settings_survive_being_written_and_read() -> None:
    given = {
        "kind": "deployment_api",
        "url": "https://a.example",
        "address": "https://b.example",
        "token": SECRET,
    }
    platform = DeploymentApi.model_validate(given)
    assert DeploymentApi.model_validate(platform.model_dump()) == platform
