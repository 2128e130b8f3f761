"""What a request may ask for."""

from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from flows.intake import known_issue
from tests.flows.stage import Stage


@pytest.mark.parametrize(
    ("issue", "via"), [(None, "ui"), ("service-outage", "ui"), ("strange", "automation")]
)
def test_an_issue_of_the_policy_and_a_triggers_are_taken(
    stage: Stage, tmp_path: Path, issue: str | None, via: str
) -> None:
    scene = stage.scene(tmp_path)
    request = scene.request(issue=issue, via=via)
    assert known_issue(scene.document, request) == request


def test_a_persons_issue_that_is_no_row_of_the_policy_is_refused(stage: Stage, tmp_path: Path) -> None:
    scene = stage.scene(tmp_path)
    with pytest.raises(ConfigurationError, match="'service-outrage' is no row of the policy") as caught:
        known_issue(scene.document, scene.request(issue="service-outrage", via="ui"))
    assert "service-outage" in caught.value.allowed
