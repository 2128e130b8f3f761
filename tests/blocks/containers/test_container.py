from pathlib import Path
from typing import Any

import pytest

from blocks.containers.container import Container, names_of
from blocks.containers.mounts import is_single_file, path_inside, put
from blocks.containers.rendered import without_secrets
from blocks.containers.slot_services import SlotServices
from blocks.program import MASK
from domain.errors import ConfigurationError

ID = "sha256:0123456789abcdef"


def container(**more: Any) -> Container:
    given = {"id": "f00d", "name": "shop-web-1", "service": "web", "image": "shop:2.0", "image_id": ID}
    return Container(**{**given, "state": "running", **more})


@pytest.mark.parametrize(
    ("image", "env", "labels", "names"),
    [
        ("shop:2.0", {}, {}, ["2.0", "0123456789ab"]),
        ("shop", {}, {}, ["0123456789ab"]),
        ("host:5000/shop", {}, {}, ["0123456789ab"]),
        ("host:5000/shop:latest@sha256:00", {}, {}, ["0123456789ab"]),
        ("shop:a", {}, {"org.opencontainers.image.version": "b"}, ["b", "a", "0123456789ab"]),
        ("shop:a", {"APP_VERSION": "c"}, {"org.opencontainers.image.version": "b"}, ["c", "b", "a", "0123456789ab"]),
        ("shop:a", {"APP_VERSION": "a"}, {}, ["a", "0123456789ab"]),
    ],
)  # fmt: skip
def test_a_release_is_named_by_the_nearest_word(
    image: str, env: dict[str, str], labels: dict[str, str], names: list[str]
) -> None:
    assert names_of(image, ID, env, labels) == names


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({}, "runs"),
        ({"health": "healthy"}, "runs, healthy"),
        ({"health": "unhealthy", "health_said": "no queue"}, "runs, its HEALTHCHECK fails: no queue"),
        ({"state": "created"}, "never started"),
        ({"state": "exited", "exit_code": 137, "error": "out of memory"}, "ended with exit code 137, out of memory"),
        ({"state": "restarting", "exit_code": 3, "restarts": 5}, "is restarted again and again, 5 times, ends with exit code 3"),
        ({"state": "paused"}, "paused"),
    ],
)  # fmt: skip
def test_its_state_in_words(more: dict[str, Any], detail: str) -> None:
    assert container(**more).detail == detail


def test_its_variables_are_not_shown() -> None:
    assert "hunter2" not in repr(container(env={"TOKEN": "hunter2"}))


def test_a_service_in_the_address_stands_for_its_containers_own() -> None:
    place = SlotServices(services=["web", "worker"], address="http://web:8080/base")
    assert (place.upstream, place.metrics) == ("web:8080", ["web:8080"])
    both = [container(addresses=("172.18.0.3",)), container(service="worker", name="shop-worker-1")]
    assert place.slot("blue", both, []).address == "http://172.18.0.3:8080/base"
    down = [container(state="exited", exit_code=1), both[1]]
    seen = place.slot("blue", down, [])
    assert (seen.address, seen.running, seen.detail) == (None, False, "web ended with exit code 1")


def test_a_file_is_found_inside_by_its_nearest_mount(tmp_path: Path) -> None:
    file = tmp_path / "caddy" / "Caddyfile"
    file.parent.mkdir()
    file.write_text("old and longer")
    folder = container(mounts={tmp_path: Path("/srv"), file.parent: Path("/etc/caddy")})
    assert path_inside(folder, file, "caddyfile") == Path("/etc/caddy/Caddyfile")
    single = container(mounts={tmp_path: Path("/srv"), file: Path("/etc/Caddyfile")})
    assert path_inside(single, file, "caddyfile") == Path("/etc/Caddyfile")
    assert (is_single_file(folder, file), is_single_file(single, file)) == (False, True)
    with pytest.raises(ConfigurationError, match="shop-web-1: caddyfile: does not see"):
        path_inside(container(), file, "caddyfile")


def test_a_single_mounted_file_stays_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text("old and longer")
    before = file.stat().st_ino
    put(container(mounts={file: Path("/etc/Caddyfile")}), file, b"new")
    assert (file.read_text(), file.stat().st_ino) == ("new", before)
    put(container(mounts={tmp_path: Path("/etc")}), file, b"newer")
    assert (file.read_text(), file.stat().st_ino == before) == ("newer", False)


def test_secrets_are_masked_wherever_they_stand() -> None:
    web = {
        "image": "shop:2.0",
        "environment": {"APP_VERSION": "2.0", "MODE": "production", "TOKEN": "hunter2hunter2", "EMPTY": None},
        "command": ["serve", "--token=hunter2hunter2"],
        "build": {"context": ".", "args": ["KEY=sesame-open", "MODE=production"]},
    }
    document = {"services": {"web": web}, "configs": {"a": {"content": "sesame-open"}}}
    shown = without_secrets(document, ["MODE"])
    assert shown["services"]["web"]["environment"] == {
        "APP_VERSION": "2.0",
        "MODE": "production",
        "TOKEN": MASK,
    }
    assert shown["services"]["web"]["command"] == ["serve", f"--token={MASK}"]
    assert shown["services"]["web"]["build"]["args"] == {"KEY": MASK, "MODE": "production"}
    assert shown["configs"] == {"a": {"content": MASK}}
    assert document["services"]["web"]["environment"]["TOKEN"] == "hunter2hunter2"  # type: ignore[index]
