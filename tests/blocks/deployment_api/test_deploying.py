"""Whether a rollback by the API would lead back to what serves."""

from typing import Any

import pytest

from blocks.deployment_api.client import DeploymentApiClient
from blocks.deployment_api.deploying import bring, no_way_back, unfinished
from blocks.deployment_api.status import read
from domain.errors import BackoutError, NotInstalled, SwitchUnclear
from tests.fakes.http_server import HttpServer, Reply


def body(**of_green: Any) -> dict[str, Any]:
    blue = {"environment": "blue", "version": "1.0.0", "status": "success"}
    green = {"environment": "green", "version": "1.1.0", "status": "success", **of_green}
    return {"currentEnvironment": "green", "deploymentHistory": [blue, green]}


def test_what_the_history_names_is_a_way_back() -> None:
    assert no_way_back(read(body()), "green") == ""


@pytest.mark.parametrize(
    ("said", "serving", "why"),
    [
        (body(), "blue", "green serves, and not blue"),
        (body(version=None), "green", "does not say which release green holds"),
        (body(status="failed"), "green", "did not end well"),
        ({"currentEnvironment": "green", "currentVersion": "1.1.0"}, "green", "not in the API's history"),
    ],
)
def test_what_it_does_not_name_is_none(said: dict[str, Any], serving: str, why: str) -> None:
    assert why in no_way_back(read(said), serving)


def with_another(state: str) -> dict[str, Any]:
    """1.2.0 was begun in blue, and came to this."""
    found = body()
    found["deploymentHistory"].append({"environment": "blue", "version": "1.2.0", "status": state})
    return found


@pytest.mark.parametrize(
    ("after", "error", "goes_on"),
    [
        (body(), NotInstalled, False),
        (with_another("failed"), NotInstalled, False),
        (with_another("in_progress"), SwitchUnclear, True),
        (with_another("queued"), SwitchUnclear, True),
        (with_another("success"), SwitchUnclear, False),
    ],
)
def test_what_still_goes_on_is_not_said_to_be_held(
    after: dict[str, Any], error: type[BackoutError], goes_on: bool
) -> None:
    said = [body()]
    with HttpServer(lambda _seen: Reply(200, said[-1])) as server:
        client = DeploymentApiClient(server.url, {}, 2, 2)
        with pytest.raises(error):
            bring(client, client.status(), "blue", "1.2.0", 0.05, lambda: said.append(after))
    assert bool(unfinished(read(after))) is goes_on
