"""Whom the API lets in, and what it says to requests that cannot be carried out. Nothing is ever started here."""

import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blocks.home import Home
from blocks.installation import Installation
from blocks.keys import api_token, api_token_file
from deployments.gateway import starting
from deployments.gateway.requests import LONGEST_BODY
from domain.errors import ConfigurationError
from tests.deployments.gateway.conftest import known

PATHS = [
    ("GET", "/deployment/status"),
    ("POST", "/deployment/rollback"),
    ("GET", "/health"),
    ("GET", "/docs"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "bearer  {token}"]
)
def test_nobody_comes_in_without_the_token(
    address: str, token: str, method: str, path: str, given: str | None
) -> None:
    headers = {} if given is None else {"Authorization": given.format(token=token)}
    answer = httpx.request(method, address + path, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert token not in answer.text


def test_no_other_origin_is_let_in(client: httpx.Client) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET"):
        answer = client.request(method, "/deployment/status", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/docs", 404), ("GET", "/redoc", 404), ("GET", "/deployment/rollback", 405)],
)
def test_there_is_nothing_else(client: httpx.Client, method: str, path: str, code: int) -> None:
    assert client.request(method, path).status_code == code


def test_the_token_is_made_once_for_this_user_alone(home: Home) -> None:
    first = api_token(home)
    assert api_token(home) == first
    assert len(first) >= 32
    assert stat.S_IMODE(api_token_file(home).stat().st_mode) == 0o600


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    api_token_file(home).write_text("secret\n")
    with pytest.raises(ConfigurationError, match="fewer than 32") as refused:
        api_token(home)
    assert "secret" not in str(refused.value).replace(str(home.root), "")


def test_a_long_body_is_not_read_to_its_end(client: httpx.Client) -> None:
    read: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(100):
            read.append(number)
            yield b" " * LONGEST_BODY

    assert client.post("/deployment/rollback", content=parts()).status_code == 413


@pytest.mark.parametrize("body", [b"reason=broken", b"[]", b'{"force": true}'])
def test_a_bad_body_is_told_in_words(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/deployment/rollback", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert answer.json()["next"]


def test_before_anything_is_applied_it_says_how(client: httpx.Client) -> None:
    for answer in (client.get("/deployment/status"), client.post("/deployment/rollback")):
        assert answer.status_code == 400
        assert "backout apply" in answer.json()["next"]


def test_an_unknown_application_is_told_with_those_that_are_known(
    client: httpx.Client, here: Installation
) -> None:
    known(here, "shop/production")
    answers = [
        client.get("/deployment/status?application=shop/prod"),
        client.get("/health", params={"application": "shop/prod"}),
        client.post("/deployment/rollback", json={"application": "shop/prod"}),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert "shop/production" in answer.json()["error"]


def test_one_of_several_must_be_named(client: httpx.Client, here: Installation) -> None:
    known(here, "shop/production")
    known(here, "shop/staging")
    for answer in (client.get("/deployment/status"), client.post("/deployment/rollback")):
        assert answer.status_code == 400
        assert "shop/production, shop/staging" in answer.json()["error"]


@pytest.mark.parametrize("wrong", ["Shop", "shop", "a/b/c", "shop/prod\nx"])
def test_what_is_no_name_is_told_as_such(client: httpx.Client, here: Installation, wrong: str) -> None:
    known(here, "shop/production")
    assert client.get("/deployment/status", params={"application": wrong}).status_code == 400


def test_a_platform_that_does_not_answer_is_503(client: httpx.Client, here: Installation) -> None:
    known(here, "shop/production")
    for path in ("/deployment/status", "/health"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "does not answer" in answer.json()["error"]


def test_without_prefect_nothing_starts_and_the_way_without_it_is_named(
    client: httpx.Client, here: Installation
) -> None:
    known(here, "shop/production")
    answer = client.post("/deployment/rollback")
    assert answer.status_code == 409
    assert "--break-glass" in answer.json()["next"]


@pytest.fixture
def no_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "drifts", lambda _here, apps: dict.fromkeys(apps, ""))


@pytest.mark.usefixtures("no_drift")
def test_an_issue_that_is_no_row_of_the_policy_is_refused(client: httpx.Client, here: Installation) -> None:
    known(here, "shop/production", policy={"preset": "mvp-011"})
    answer = client.post("/deployment/rollback", json={"issue": "bad-luck"})
    assert answer.status_code == 400
    assert "service-outage" in answer.json()["error"]


@pytest.mark.usefixtures("no_drift")
def test_an_emergency_is_refused_where_the_policy_asks_people(
    client: httpx.Client, here: Installation
) -> None:
    known(here, "shop/production", policy={"rules": {"critical": {"consent": {"people": 1}}}})
    answer = client.post("/deployment/rollback", json={"runbook": "emergency"})
    assert answer.status_code == 403
    assert "severity critical" in answer.json()["next"]


@pytest.mark.usefixtures("no_drift")
def test_an_emergency_forgets_nothing_silently(client: httpx.Client, here: Installation) -> None:
    known(here, "shop/production")
    answer = client.post("/deployment/rollback", json={"runbook": "emergency", "impact": "no checkout"})
    assert answer.status_code == 400
    assert "impact" in answer.json()["error"]
