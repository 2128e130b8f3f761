"""The status as other APIs write it: other names, gaps, nonsense."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blocks.deployment_api.status import read

NOON = "2026-11-22T12:00:00Z"
ONE = "2026-11-22T13:00:00Z"
BLUE = {"environment": "blue", "version": "1.0", "timestamp": NOON, "status": "success"}


@pytest.mark.parametrize(
    "entry",
    [
        {"env": "blue", "release": "1.0", "deployedAt": NOON, "state": "SUCCESS"},
        {"environment": "blue", "version": 1.0, "timestamp": 1795348800},
        {"environment": "blue", "version": "1.0", "timestamp": 1795348800000, "success": True},
        {"environment": "blue", "version": "1.0", "deployed_at": "2026-11-22T12:00:00"},
    ],
)
def test_entries_are_read_by_any_of_their_names(entry: dict[str, Any]) -> None:
    [found] = read({"currentEnvironment": "blue", "deploymentHistory": [entry]}).history
    assert (found.environment, found.version, found.served) == ("blue", "1.0", True)
    assert found.at == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("history", [None, "none", {}, [None, 7, {}, {"version": "1.0"}]])
def test_what_is_no_entry_is_left_out(history: Any) -> None:
    status = read({"currentEnvironment": "blue", "deploymentHistory": history, "version": "3.1"})
    assert (status.history, status.previous, status.releases()) == ([], None, [])
    assert status.serving.version == "3.1"


def test_an_entry_without_version_or_time_is_no_release() -> None:
    entries = [{"environment": "blue", "timestamp": NOON}, {"environment": "blue", "version": "1.0"}]
    status = read({"currentEnvironment": "blue", "deploymentHistory": [*entries, {**BLUE, "version": "a b"}]})
    assert status.releases() == []
    assert len(status.history) == 3


def test_without_times_the_newest_is_the_last() -> None:
    entries = [
        {"environment": "blue", "version": "3"},
        {"environment": "green", "version": "2", "timestamp": ONE},
    ]
    status = read({"currentEnvironment": "green", "deploymentHistory": entries})
    assert status.previous is not None
    assert status.previous.version == "3"
