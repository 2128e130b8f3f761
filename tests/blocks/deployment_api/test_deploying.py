"""Whether a rollback by the API would lead back to what serves."""

from typing import Any

import pytest

from blocks.deployment_api.deploying import no_way_back
from blocks.deployment_api.status import read


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
