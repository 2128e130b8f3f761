import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blocks.home import Home
from deployments.prefect_environment import (
    client_environment,
    given_environment,
    server_environment,
    without_prefect,
)
from tests.deployments.served import Served


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.serving["prefect_api_url"], trust_env=False) as client:
        yield client


@pytest.fixture
def credential(served: Served) -> httpx.BasicAuth:
    user, _, password = served.auth().partition(":")
    return httpx.BasicAuth(user, password)


def test_a_request_without_the_credential_is_refused(http: httpx.Client) -> None:
    assert http.get("/version").status_code == 401
    assert http.get("/version", auth=("backout", "guessed")).status_code == 401


def test_a_change_without_the_credential_is_refused(http: httpx.Client) -> None:
    token = {"Prefect-Csrf-Token": "guessed", "Prefect-Csrf-Client": "me"}
    assert http.post("/flows/filter", json={}).status_code in {401, 403}
    assert http.post("/flows/filter", json={}, headers=token).status_code in {401, 403}


def test_the_credential_opens(http: httpx.Client, credential: httpx.BasicAuth) -> None:
    assert http.get("/version", auth=credential).status_code == 200


def test_a_change_without_a_csrf_token_is_refused(http: httpx.Client, credential: httpx.BasicAuth) -> None:
    answer = http.post("/flows/filter", json={}, auth=credential)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Missing CSRF token.")


def test_a_foreign_page_may_not_read(http: httpx.Client, credential: httpx.BasicAuth) -> None:
    answer = http.get("/version", auth=credential, headers={"Origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_may_read(http: httpx.Client, credential: httpx.BasicAuth, served: Served) -> None:
    origin = served.serving["prefect_api_url"].removesuffix("/api")
    answer = http.get("/version", auth=credential, headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin


def test_it_listens_on_loopback_only(served: Served) -> None:
    assert served.serving["prefect_api_url"].startswith("http://127.0.0.1:")


def test_keys_and_logs_are_closed_to_others(served: Served) -> None:
    files = [*served.home.keys.iterdir(), served.home.logs / "prefect-server.log", served.home.serve_file]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in files} == {
        path.name: 0o600 for path in files
    }


def test_the_keys_stay_the_same(tmp_path: Path) -> None:
    home = Home(tmp_path).ensure()
    first, second = (server_environment(home, 4200, "postgresql+asyncpg://") for _ in range(2))
    assert first == second
    assert first["PREFECT_SERVER_API_AUTH_STRING"] != first["PREFECT_SERVER_ENCRYPTION_KEY"]


def test_a_client_never_starts_a_server_of_its_own(tmp_path: Path) -> None:
    environment = client_environment(Home(tmp_path).ensure(), "http://127.0.0.1:4200/api")
    assert environment["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "False"


def test_a_given_server_is_used_as_it_is_given(tmp_path: Path) -> None:
    given = {"PREFECT_API_URL": "http://prefect.example/api", "PREFECT_API_KEY": "made-up", "PATH": "/bin"}
    environment = given_environment(Home(tmp_path), given)
    assert environment["PREFECT_API_URL"] == "http://prefect.example/api"
    assert environment["PREFECT_API_KEY"] == "made-up"
    assert environment["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert "PATH" not in environment


def test_the_users_own_settings_are_left_out() -> None:
    assert without_prefect({"PREFECT_PROFILE": "mine", "HOME": "/root"}) == {"HOME": "/root"}
