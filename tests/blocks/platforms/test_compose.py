"""`compose` on the real engine."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pydantic import ValidationError

from blocks.compose_program import program
from blocks.containers.container import of_project
from blocks.platforms.compose import Compose
from blocks.platforms.contract import Standing, Unproven
from blocks.program import MASK
from domain.errors import Conflict, EngineUnavailable, UnknownRemedy
from tests.blocks.caddy import Caddy
from tests.blocks.platforms.compose_install_contract import ComposeInstallContract
from tests.blocks.platforms.compose_stack import ComposeStack
from tests.blocks.platforms.contract import SECRET, PlatformContract, look
from tests.blocks.platforms.restart_contract import RestartContract
from tests.blocks.routers.configurations import write_json
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def stack(
    engine: "DockerClient", base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ComposeStack]:
    made = ComposeStack(engine, base_image, tmp_path_factory.mktemp("compose"))
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture
def given(stack: ComposeStack, tmp_path: Path, caddy: Caddy) -> dict[str, Any]:
    stack.reset()
    return stack.settings(tmp_path, caddy.address)


@pytest.fixture
def platform(given: dict[str, Any], tmp_path: Path, caddy: Caddy) -> Compose:
    made = Compose.model_validate(given)
    (tmp_path / "active").write_text(made.upstreams()["blue"])
    caddy.start(write_json(caddy, f"{{file.{tmp_path}/active}}"))
    assert isinstance(made.prepare("blue", look), Standing)
    return made


@pytest.fixture
def spoil(stack: ComposeStack) -> Callable[[str], None]:
    return lambda slot: (stack.state / f"{slot}.unhealthy").touch()


@pytest.fixture
def kill(stack: ComposeStack) -> Callable[[str], None]:
    def end(slot: str) -> None:
        one = stack.container(f"{slot}-web")
        assert one is not None
        stack.client.api.kill(one.id)

    return end


class TestCompose(PlatformContract, RestartContract, ComposeInstallContract):
    def test_the_serving_slot_is_never_stopped(self, platform: Compose) -> None:
        before = platform.slot("blue")
        with pytest.raises(Conflict, match="slot blue is serving"):
            platform.stop("blue")
        assert platform.slot("blue") == before

    def test_an_idle_slot_is_stopped_and_started(self, platform: Compose) -> None:
        platform.prepare("green", look)
        platform.stop("green")
        platform.stop("green")
        assert not platform.slot("green").running
        assert platform.usage("green") is None
        platform.start("green")
        assert platform.slot("green").running

    def test_says_what_a_slot_uses(self, platform: Compose) -> None:
        usage = platform.usage("blue")
        assert usage is not None
        assert usage.memory_mb > 1
        assert usage.cpu_s

    def test_the_settings_survive_being_written_and_read(self, platform: Compose) -> None:
        assert Compose.model_validate(platform.model_dump()) == platform

    def test_the_configuration_shows_what_really_runs(self, platform: Compose) -> None:
        texts = platform.configuration()
        services = yaml.safe_load(texts["compose.yaml"])["services"]
        assert services["blue-web"]["environment"]["APP_VERSION"] == "2.0"
        assert services["blue-web"]["environment"]["DATABASE_URL"] == MASK
        assert "sha256:" in texts["images.json"]

    def test_without_a_compose_program_only_the_rendered_file_is_missing(
        self, platform: Compose, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        program.cache_clear()
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "neither `docker compose`" in platform.configuration()["compose.yaml"]
        assert isinstance(platform.prepare("green", look), Standing)


def with_slot(given: dict[str, Any], name: str, *services: str) -> Compose:
    """The platform with one more slot, of services that have no container yet."""
    place = {"services": list(services), "address": f"http://{services[0]}:8080"}
    return Compose.model_validate({**given, "start_timeout_s": 30, "slots": {**given["slots"], name: place}})


@pytest.mark.parametrize(
    ("service", "version", "words"),
    [
        ("crash-web", "3.0", ["again and again", "exit code 3", f"cannot go on with {MASK}"]),
        ("ended-web", "3.1", ["exit code 7", f"cannot go on with {MASK}"]),
        ("absent-web", "9.9", ["absent-web", "ended with 1"]),
        ("ill-web", "3.2", ["its HEALTHCHECK fails: queue is gone"]),
    ],
)
def test_what_does_not_come_up_is_told_with_the_reason(
    stack: ComposeStack, given: dict[str, Any], service: str, version: str, words: list[str]
) -> None:
    bad = with_slot(given, "bad", service)
    others = {one.id: one.since for one in of_project(stack.client, stack.project.name)}
    before = bad.slot("bad")
    assert (before.version, before.running, before.detail) == (version, False, f"{service} has no container")
    outcome = bad.prepare("bad", look)
    assert isinstance(outcome, Unproven)
    assert [word for word in words if word not in outcome.reason] == [], outcome.reason
    assert SECRET not in outcome.reason
    now = {one.id: one.since for one in of_project(stack.client, stack.project.name)}
    assert others.items() <= now.items()


@pytest.mark.parametrize(("service", "gone"), [("absent-web", True), ("crash-web", False)])
def test_a_slot_whose_image_is_gone_says_so_before_it_is_needed(
    given: dict[str, Any], service: str, gone: bool
) -> None:
    lacking = with_slot(given, "bad", service).lacking("bad")
    assert (lacking.startswith("image ") and lacking.endswith(" of absent-web is not on this host")) is gone
    assert gone or lacking == ""


def test_a_slot_runs_only_where_all_its_services_do(stack: ComposeStack, given: dict[str, Any]) -> None:
    del given["slots"]["green"]
    both = with_slot(given, "green", "green-web", "green-worker")
    assert isinstance(both.prepare("green", look), Standing)
    assert {"green-web | green listens", f"green-worker | worker connects to {MASK}"} <= set(
        both.logs("green", 9)
    )
    worker = stack.container("green-worker")
    assert worker is not None
    stack.client.api.kill(worker.id)
    seen = both.slot("green")
    assert not seen.running
    assert seen.detail == "green-worker ended with exit code 137"


def test_prometheus_targets_follow_the_slot(
    stack: ComposeStack, given: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "targets" / "shop.json"
    platform = Compose.model_validate({**given, "targets_file": str(file)})
    assert "No such file" in platform.align("green", thorough=True).left[0]
    file.parent.mkdir()
    assert platform.align("green", thorough=True).done
    written = json.loads(file.read_text())
    assert [(one["targets"], one["labels"]) for one in written] == [
        ([f"127.0.0.1:{stack.ports['blue']}"], {"slot": "blue", "active": "false", "version": "2.0"}),
        ([f"127.0.0.1:{stack.ports['green']}"], {"slot": "green", "active": "true", "version": "1.0"}),
    ]
    assert file.stat().st_mode & 0o777 == 0o644


def test_doctor_is_told_what_is_down_and_starts_it(stack: ComposeStack, platform: Compose) -> None:
    stack.again("postgres")
    wait_until(lambda: stack.container("postgres").state == "exited", "the end of postgres")  # type: ignore[union-attr]
    found = {checkup.finding.on: checkup for checkup in platform.examine()}
    assert not found["blue-web"].bad
    assert "never started" in found["green-web"].finding.said
    assert [remedy.name for remedy in found["green-web"].remedies] == ["start green"]
    assert "exit code 2; its log ends: the disk is full" in found["postgres"].finding.said
    assert [remedy.name for remedy in found["postgres"].remedies] == ["restart postgres"]
    assert platform.mend("start green") == "slot green was started"
    assert platform.slot("green").running
    assert platform.mend("restart postgres") == "service postgres was restarted"
    for unknown in ("restart nobody", "pray"):
        with pytest.raises(UnknownRemedy):
            platform.mend(unknown)


def test_an_engine_that_is_away_is_told_with_what_to_look_at(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    platform = Compose.model_validate(given)
    with pytest.raises(EngineUnavailable, match="systemctl status docker") as away:
        platform.slots()
    assert away.value.retryable
    [checkup] = platform.examine()
    assert (checkup.bad, checkup.finding.name) == (True, "Docker engine")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"services": []}, "services"),
        ({"services": ["--all"]}, "services"),
        ({"services": ["green-web", "green-web"]}, "named twice"),
        ({"services": ["blue-web"]}, "belongs to two slots"),
        ({"upstream": "blue-web:8080"}, "the same address"),
        ({"colour": "red"}, "colour"),
        ({"release_variable": "A-B"}, "release_variable"),
        ({"release_variable": "BLUE_VERSION"}, "a release_variable of its own"),
        ({"release_variable": "IMAGE"}, "which `variables` does not set"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    blue = {
        "services": ["blue-web"], "address": "http://blue-web:8080", "release_variable": "BLUE_VERSION"
    }  # fmt: skip
    green = {"services": ["green-web"], "address": "http://green-web:8080", **change}
    settings = {
        "project": {
            "name": "shop",
            "folder": str(tmp_path),
            "files": ["compose.yaml"],
            "variables": {"IMAGE": "shop"},
        },
        "slots": {"blue": blue, "green": green},
        "router": {"kind": "caddy_file", "file": "/run/shop/active", "address": "http://127.0.0.1:1"},
    }
    with pytest.raises(ValidationError, match=told):
        Compose.model_validate(settings)
