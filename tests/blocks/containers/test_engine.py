import socket
from pathlib import Path

import pytest

from blocks.containers.container import named, start
from blocks.containers.engine import engine
from domain.errors import CommandFailed, EngineUnavailable
from tests.fakes.http_server import HttpServer, Reply

ID = "f00d"
INSPECTED = {
    "Id": ID,
    "Name": "/shop-web-1",
    "Image": "sha256:0123456789abcdef",
    "RestartCount": 0,
    "State": {
        "Status": "created",
        "Running": False,
        "ExitCode": 128,
        "Error": "port is\nallocated",
        "StartedAt": "0001-01-01T00:00:00Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
    },
    "Config": {"Image": "shop:2.0", "Env": None, "Labels": None},
    "HostConfig": {"RestartPolicy": {"Name": "no"}},
    "Mounts": [],
    "NetworkSettings": {"Networks": None},
}


@pytest.fixture
def answering(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> HttpServer:
    """An engine that says what the test wants."""
    server.replies["/version"] = Reply(body={"ApiVersion": "1.41"})
    monkeypatch.setenv("DOCKER_HOST", server.url.replace("http:", "tcp:"))
    return server


@pytest.fixture
def server() -> object:
    with HttpServer() as running:
        yield running


@pytest.mark.parametrize("told", ["No such file", "Connection refused"])
def test_a_socket_that_nobody_listens_at_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    file = tmp_path / "docker.sock"
    if told == "Connection refused":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(file))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{file}")
    with pytest.raises(EngineUnavailable, match=told) as away, engine():
        pass
    assert away.value.retryable
    assert "systemctl status docker" in str(away.value)


def test_an_engine_that_never_answers_ends_at_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(file))
        mute.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{file}")
        with pytest.raises(EngineUnavailable, match=r"timed out|timeout"), engine(0.3):
            pass


def test_what_it_answers_badly_is_told_in_its_own_words(answering: HttpServer) -> None:
    path = f"/v1.41/containers/{ID}/json"
    answering.replies[path] = Reply(500, {"message": "the disk is full"})
    with pytest.raises(EngineUnavailable, match="answered 500: the disk is full"), engine() as client:
        named(client, ID)


def test_what_it_refuses_to_do_is_the_failure_of_a_command(answering: HttpServer) -> None:
    answering.replies[f"/v1.41/containers/{ID}/json"] = Reply(body=INSPECTED)
    answering.replies[f"/v1.41/containers/{ID}/start"] = Reply(500, {"message": "port is already allocated"})
    with engine() as client:
        found = named(client, ID)
        assert found is not None
        assert (found.name, found.version, found.running, found.since) == ("shop-web-1", "2.0", False, None)
        assert found.detail == "ended with exit code 128, port is allocated"
        with pytest.raises(CommandFailed, match=r"docker start shop-web-1: .* already allocated"):
            start(client, found)


def test_who_is_not_there_is_none(answering: HttpServer) -> None:
    answering.replies[f"/v1.41/containers/{ID}/json"] = Reply(404, {"message": "No such container: f00d"})
    with engine() as client:
        assert named(client, ID) is None
